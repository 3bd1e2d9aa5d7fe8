// Frames of sockets on their way through the MAC.
// SPDX-License-Identifier: MIT
#include <string.h>

#include "hal/hal.h"
#include "lora/lora_wan_engine.h"

static lora_wan_t *const wan = &lora_wan;
static lora_engine_t *const engine = &lora_engine;

static uint8_t rate_of(uint32_t param) {
    bool own = LORA_PARAM_DR_SET(param) && !engine->settings.adr;
    return own ? LORA_PARAM_DR(param) : LORAWAN_DR_AUTO;
}

// Reading the MAC is allowed to all who hold the lock.
static uint8_t rate_now(uint8_t dr) {
    lorawan_status_t status;
    if (dr != LORAWAN_DR_AUTO) {
        return dr;
    }
    lorawan_status(&wan->mac, &status);
    return status.dr;
}

static int check(uint32_t param, size_t len) {
    if (!lorawan_joined(&wan->mac)) {
        lora_engine_say(wan->join_result == -NET_EAGAIN ? "not joined yet: joining goes on"
            : "not joined: call join() first", 0, 0);
        return -NET_ENETDOWN;
    }
    if (LORA_PARAM_PORT(param) == 0) {
        lora_engine_say("port 0 is the network's own: bind() another, 1..223", 0, 0);
        return -NET_EOPNOTSUPP;
    }
    uint8_t dr = rate_now(rate_of(param));
    uint8_t room = lorawan_max_payload(&wan->mac, dr);
    if (len > room) {
        lora_engine_say("the payload is too long: data rate %d has room for %d bytes", dr, room);
        return -NET_EMSGSIZE;
    }
    return 0;
}

static lora_tx_frame_t *push(uint8_t port, const void *buf, size_t len) {
    lora_tx_frame_t *frame = lora_tx_push(&engine->tx);
    if (frame == NULL) {
        lora_engine_say("%d frames wait to be sent, there is no room for another", LORA_TX_FRAMES, 0);
        return NULL;
    }
    frame->wan.port = port;
    frame->wan.dr = LORAWAN_DR_AUTO;
    frame->wan.confirmed = false;
    frame->len = (uint8_t)len;
    if (len > 0) {
        memcpy(frame->data, buf, len);
    }
    radio_step_soon();
    return frame;
}

int lora_wan_send(uint32_t param, const void *buf, size_t len) {
    int ret = check(param, len);
    if (ret < 0) {
        return ret;
    }
    lora_tx_frame_t *frame = push(LORA_PARAM_PORT(param), buf, len);
    if (frame == NULL) {
        return -NET_EAGAIN;
    }
    frame->wan.dr = rate_of(param);
    frame->wan.confirmed = LORA_PARAM_CONFIRMED(param);
    return (int)frame->number;
}

int32_t lora_wan_airtime_us(size_t len) {
    enum { OVERHEAD = 13 }; // header, FPort, MIC
    hal_lock();
    radio_modulation_t modulation;
    lorawan_phy_t phy = { .frequency_hz = 0 };
    lorawan_rate(&wan->mac, rate_now(LORAWAN_DR_AUTO), &phy);
    lora_wan_modulation(&phy, false, &modulation);
    hal_unlock();
    size_t all = len + OVERHEAD;
    return (int32_t)radio_airtime_us(&modulation, all < LORAWAN_FRAME_MAX ? all : LORAWAN_FRAME_MAX);
}

/******************************************************************************/
// What becomes of them

static void say_refusal(const lora_tx_frame_t *frame, int error) {
    uint8_t dr = rate_now(frame->wan.dr);
    switch (error) {
        case -NET_ENETDOWN:
            lora_engine_say("the session ended before the frame was sent", 0, 0);
            break;
        case -NET_EMSGSIZE:
            lora_engine_say("the payload is too long: data rate %d has room for %d bytes now", dr,
                lorawan_max_payload(&wan->mac, dr));
            break;
        case -NET_ENETUNREACH:
            lora_engine_say("no enabled channel has data rate %d", dr, 0);
            break;
        case -NET_ERANGE:
            lora_engine_say("all uplink counters of the session are used: join anew", 0, 0);
            break;
        default:
            lora_engine_say("the region has no data rate %d for uplinks", dr, 0);
            break;
    }
}

static void remove_frame(int place, int error) {
    bool sent = error == 0;
    lora_tx_remove(&engine->tx, (size_t)place, error);
    engine->counters.tx_failed += !sent;
    lora_events_add(sent ? LORA_EVENT_TX : LORA_EVENT_TX_FAILED);
}

void lora_wan_send_next(uint64_t now_us) {
    lora_tx_frame_t *frame;
    while (wan->in_hand == 0 && (frame = lora_tx_at(&engine->tx, 0)) != NULL) {
        const lorawan_uplink_t uplink = {
            .port = frame->wan.port,
            .dr = frame->wan.dr,
            .confirmed = frame->wan.confirmed,
            .trials = (uint8_t)(engine->settings.tx_retries < 254 ? engine->settings.tx_retries + 1 : 255),
            .data = frame->data,
            .len = frame->len,
        };
        int error = lorawan_send(&wan->mac, &uplink, now_us);
        if (error == -NET_EBUSY) {
            return; // a frame of the MAC's own, or answers that go first
        }
        if (error < 0) {
            say_refusal(frame, error);
            remove_frame(0, error);
            continue;
        }
        wan->in_hand = frame->number;
        wan->transmissions = 0;
        wan->channel_busy = false;
        wan->cancel_error = -NET_ECANCELED;
    }
}

static void say_result(int error, int transmissions) {
    switch (error) {
        case -NET_ETIMEDOUT:
            lora_engine_say("no ACK: the frame was sent %d times", transmissions, 0);
            break;
        case -NET_EBUSY:
            lora_engine_say("the channel was never free, the frame was not sent", 0, 0);
            break;
        case -NET_ENETUNREACH:
            lora_engine_say("no enabled channel has the frame's data rate", 0, 0);
            break;
        case -NET_EIO:
            if (wan->store_error == 0) { // else it has its own words
                lora_engine_say("the radio chip failed while it sent a frame", 0, 0);
            }
            break;
        default: // given up: said by whoever did
            break;
    }
}

void lora_wan_send_result(const lorawan_action_t *action) {
    int place = wan->in_hand == 0 ? -1 : lora_tx_place(&engine->tx, wan->in_hand);
    int error = action->result.error == -NET_ECANCELED ? wan->cancel_error : action->result.error;
    wan->in_hand = 0;
    if (place < 0) {
        return; // its sender is gone
    }
    engine->sent.tx_trials = action->result.transmissions;
    say_result(action->result.error, action->result.transmissions);
    remove_frame(place, error);
}

/******************************************************************************/
// Giving up

static void say_waiting(void) {
    uint64_t wait_us = lorawan_wait_us(&wan->mac, hal_now_us());
    if (wan->channel_busy) {
        wan->cancel_error = -NET_EBUSY;
        lora_engine_say("the frame was not sent: the channel was not free within the timeout", 0, 0);
    } else if (wait_us > 0) {
        wan->cancel_error = -NET_EDQUOT;
        lora_engine_say("the frame was not sent: its share of air time is used up, it could go in %d s",
            (int32_t)((wait_us + 999999) / 1000000), 0);
    } else {
        lora_engine_say("the frame was not sent within the timeout", 0, 0);
    }
}

static int cancel_in_hand(const lora_tx_frame_t *frame) {
    bool waits = wan->transmissions == 0 && wan->doing != LORA_WAN_SEND;
    if (waits) {
        say_waiting();
    } else if (frame->wan.confirmed) {
        lora_engine_say("no ACK within the timeout: the frame was sent %d times", wan->transmissions, 0);
    } else {
        lora_engine_say("the frame was sent, its receive windows were not over at the timeout", 0, 0);
    }
    lorawan_cancel(&wan->mac); // RESULT follows
    if (!waits) {
        return -NET_EALREADY;
    }
    return wan->cancel_error == -NET_ECANCELED ? 0 : -NET_ENOENT; // the sender asks what it was
}

static int cancel(void *arg) {
    uint32_t number = *(uint32_t *)arg;
    int place = lora_tx_place(&engine->tx, number);
    if (place < 0) {
        return -NET_ENOENT;
    }
    if (number == wan->in_hand) {
        return cancel_in_hand(lora_tx_at(&engine->tx, (size_t)place));
    }
    lora_engine_say("the frame was not sent: another was in hand for longer than the timeout", 0, 0);
    engine->counters.tx_cancelled += 1;
    lora_tx_remove(&engine->tx, (size_t)place, -NET_ECANCELED);
    return 0;
}

int lora_wan_send_cancel(uint32_t number) {
    return lora_wan_call(cancel, &number);
}

/******************************************************************************/
// Questions

static int ask(void *arg) {
    uint8_t what = *(uint8_t *)arg;
    if (!lorawan_joined(&wan->mac)) {
        lora_engine_say("not joined: nobody can be asked", 0, 0);
        return -NET_ENETDOWN;
    }
    lora_tx_frame_t *frame = push(LORAWAN_NO_PORT, NULL, 0);
    if (frame == NULL) {
        return -NET_EAGAIN;
    }
    wan->answers &= (uint8_t) ~what;
    if (what & LORA_WAN_ASK_LINK) {
        lorawan_request_link(&wan->mac);
    }
    if (what & LORA_WAN_ASK_TIME) {
        lorawan_request_time(&wan->mac);
    }
    return (int)frame->number;
}

int lora_wan_ask(uint8_t what) {
    return lora_wan_call(ask, &what);
}

int lora_wan_answer(int number, uint8_t what, lora_wan_answer_t *answer) {
    hal_lock();
    int ret = (wan->answers & what) == what ? 0 : lora_tx_result(&engine->tx, (uint32_t)number);
    if (ret == 0 && (wan->answers & what) != what) {
        lora_engine_say("nobody answered", 0, 0);
        ret = -NET_ETIMEDOUT;
    }
    if (ret == 0) {
        uint64_t since_us = hal_now_us() - wan->time_at_us + wan->time_256 * 1000000ull / 256;
        answer->margin = wan->link_margin;
        answer->gateways = wan->link_gateways;
        answer->gps_s = wan->time_s + (uint32_t)(since_us / 1000000);
        answer->gps_us = (uint32_t)(since_us % 1000000);
    }
    hal_unlock();
    return ret;
}

void lora_wan_ask_cancel(int number) {
    (void)lora_wan_send_cancel((uint32_t)number);
}
