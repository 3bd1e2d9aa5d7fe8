// The stream of hal.h on a software chip: register writes at exact times.
// Single-threaded as sim_time.h.
// SPDX-License-Identifier: MIT
#ifndef USOCKET_PORTS_SIM_SIM_STREAM_H
#define USOCKET_PORTS_SIM_SIM_STREAM_H

#include "hal/hal.h"
#include "sim_chip.h"

// As hal_spi_stream(); done is called after the last write.
int sim_stream_start(sim_chip_t *chip, hal_stream_t next, uint64_t start_ns, void (*done)(void));
// At once; done is not called.
void sim_stream_stop(void);
bool sim_stream_runs(void);
// How late the writes are: a random time up to this, for tests. 0 at the start.
void sim_stream_set_jitter(uint32_t ns);

#endif // USOCKET_PORTS_SIM_SIM_STREAM_H
