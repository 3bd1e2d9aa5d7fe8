#!/bin/sh
# Throw-away certificates for tls_test: tls_certs.sh DIRECTORY
# SPDX-License-Identifier: MIT
set -e
mkdir -p "$1"
cd "$1"
[ -f done ] && exit 0

key() { # name
    openssl ecparam -name prime256v1 -genkey -noout -out "$1.key.pem"
}
authority() { # name
    key "$1"
    openssl req -x509 -new -key "$1.key.pem" -sha256 -days 30 -subj "/CN=$1" -out "$1.pem"
}
leaf() { # name host days issuer
    openssl req -new -key "$1.key.pem" -subj "/CN=$2" -out "$1.csr"
    echo "subjectAltName=DNS:$2" > "$1.ext"
    openssl x509 -req -in "$1.csr" -CA "$4.pem" -CAkey "$4.key.pem" -CAcreateserial -sha256 \
        -days "$3" -extfile "$1.ext" -out "$1.pem"
}

{
    authority root
    authority stranger
    key server
    leaf server server.test 30 root
    key client
    leaf client client.test 30 root
    key intruder
    leaf intruder client.test 30 stranger
    openssl genrsa -out rsa.key.pem 2048
    leaf rsa server.test 30 root
    openssl x509 -in server.pem -outform DER -out server.der
    openssl pkey -in server.key.pem -outform DER -out server.key.der
    openssl x509 -in root.pem -outform DER -out root.der
} > log 2>&1 || { cat log >&2; exit 1; }
touch done
