/* CRC-32 (IEEE 802.3) by table: loads that depend on each other. */
#include "guest.h"

#define BYTES 1024

static uint32_t table[256];
static uint8_t buffer[BYTES];

static void prepare(void)
{
	uint32_t seed = 2463534242u;

	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;

		for (int bit = 0; bit < 8; bit++) {
			c = (c & 1) ? (c >> 1) ^ 0xEDB88320u : c >> 1;
		}
		table[i] = c;
	}
	for (int i = 0; i < BYTES; i++) {
		buffer[i] = (uint8_t)next_random(&seed);
	}
}

static uint32_t crc32(uint32_t crc, const uint8_t *bytes, int32_t length)
{
	crc = ~crc;
	for (int32_t i = 0; i < length; i++) {
		crc = table[(crc ^ bytes[i]) & 0xFF] ^ (crc >> 8);
	}
	return ~crc;
}

/* The CRC of the buffer, repeated so many times. */
EXPORT(run) int32_t guest_crc32_run(int32_t rounds)
{
	uint32_t crc = 0;

	prepare();
	for (int32_t i = 0; i < rounds; i++) {
		crc = crc32(crc, buffer, BYTES);
	}
	return (int32_t)crc;
}
