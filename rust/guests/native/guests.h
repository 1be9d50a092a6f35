/*
 * The native twins of the C guests: the same sources (../c), compiled for the device itself, so that a benchmark
 * can run both sides and compare the results and the instruction counts.
 *
 *   arm-none-eabi-gcc -std=c11 -O2 -ffreestanding -ffp-contract=off -c c/NAME.c
 *
 * -ffp-contract=off matters: WebAssembly rounds after every operation, and a fused multiply-add would not.
 * gcc may call memcpy and memset, and the f64 guests need libgcc. Every run gives the same result each time it
 * is called; ../expected.toml says which.
 */
#ifndef WASMOTE_GUESTS_H
#define WASMOTE_GUESTS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

int32_t guest_biquad_run(int32_t samples);
int32_t guest_biquad_q31_run(int32_t samples);
int32_t guest_coremix_run(int32_t rounds);
int32_t guest_crc32_run(int32_t rounds);
int32_t guest_dispatch_run(int32_t events);
int32_t guest_fft_run(int32_t rounds);
int32_t guest_fib_run(int32_t n);
int32_t guest_host_call_run(int32_t calls);
int32_t guest_linear_run(int32_t rounds);
int32_t guest_linear_f64_run(int32_t rounds);
int32_t guest_matrix_run(int32_t rounds);
int32_t guest_matrix_f32_run(int32_t rounds);
int32_t guest_montgomery_run(int32_t multiplications);
int32_t guest_sha256_run(int32_t rounds);
int32_t guest_sieve_run(int32_t rounds);
int32_t guest_sort_run(int32_t rounds);
int32_t guest_text_run(int32_t lines);

/* The twins of the guests in Rust: a static library made of ../rust/twins. */
int32_t guest_inflate_run(int32_t rounds);
int32_t guest_shrink_run(int32_t rounds);
int32_t guest_telemetry_run(int32_t reports);

/* What host_call imports as env.tick. The firmware defines it, natively and for the guest: it returns value + 1. */
int32_t guest_host_tick(int32_t value);

/* The sensor filter, and what it imports from "sensor": see ../README.md. */
int32_t guest_sensor_filter_process(int32_t batch);
int32_t guest_sensor_filter_version(void);
int32_t guest_sensor_read(void);
void guest_sensor_emit(int32_t value, int32_t flags);
void guest_sensor_log(const char *text, uint32_t length);

#ifdef __cplusplus
}
#endif

#endif
