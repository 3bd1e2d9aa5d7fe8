# asyncio streams, client and server in one loop, on loopback.

try:
    import asyncio
except ImportError:
    print("SKIP: no asyncio")
    raise SystemExit
from devtest import check, done, equal

ADDR = "127.0.0.1"
PORT = 8765


async def echo(reader, writer):
    while True:
        line = await reader.readline()
        if not line:
            break
        writer.write(line.upper())
        await writer.drain()
    writer.close()
    await writer.wait_closed()


async def talk(number):
    reader, writer = await asyncio.open_connection(ADDR, PORT)
    for i in range(5):
        writer.write(b"client %d line %d\n" % (number, i))
        await writer.drain()
        equal(await reader.readline(), b"CLIENT %d LINE %d\n" % (number, i), "an echo")
        await asyncio.sleep(0)
    writer.close()
    await writer.wait_closed()


async def bulk():
    reader, writer = await asyncio.open_connection(ADDR, PORT)
    block = bytes(range(97, 123)) * 40 + b"\n"

    async def send():
        for _ in range(20):
            writer.write(block)
            await writer.drain()

    task = asyncio.create_task(send())
    for _ in range(20):
        equal(await reader.readexactly(len(block)), block.upper(), "a block")
    await task
    writer.close()
    await writer.wait_closed()


async def silent(reader, writer):
    await asyncio.sleep(1)
    writer.close()
    await writer.wait_closed()


async def timeout():
    server = await asyncio.start_server(silent, ADDR, PORT + 1)
    reader, writer = await asyncio.open_connection(ADDR, PORT + 1)
    try:
        await asyncio.wait_for(reader.read(1), 0.1)
        check(False, "a read without data ends by wait_for")
    except asyncio.TimeoutError:
        check(True, "a read without data ends by wait_for")
    equal(await reader.read(1), b"", "the end of the stream comes through afterwards")
    writer.close()
    await writer.wait_closed()
    server.close()
    await server.wait_closed()


async def refused():
    try:
        _, writer = await asyncio.open_connection(ADDR, 9)
        writer.write(b"x")
        await asyncio.wait_for(writer.drain(), 2)
        check(False, "a closed port is an error")
    except OSError as e:
        equal(e.errno, 111, "a closed port is ECONNREFUSED")


async def main():
    server = await asyncio.start_server(echo, ADDR, PORT, 5)
    for round in range(3):
        await asyncio.gather(*[talk(i) for i in range(3)])
    await bulk()
    await timeout()
    await refused()
    server.close()
    await server.wait_closed()


asyncio.run(main())
done()
