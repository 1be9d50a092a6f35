/*
 * A state machine whose states are functions in a table: an indirect call for every event. It is the receiver of
 * a framed serial protocol: start byte, length, payload with an escape, checksum.
 */
#include "guest.h"

enum { IDLE, LENGTH, PAYLOAD, ESCAPED, CHECKSUM, GOOD, BAD, STATES };
enum { START = 0x7E, ESCAPE = 0x7D };

static uint32_t left, checksum, good, bad;

static uint32_t start_frame(uint32_t byte)
{
	return byte == START ? LENGTH : IDLE;
}

static uint32_t on_length(uint32_t byte)
{
	left = byte & 15;
	checksum = byte;
	return left == 0 ? CHECKSUM : PAYLOAD;
}

static uint32_t take(uint32_t byte)
{
	checksum = fold(checksum, byte);
	return --left == 0 ? CHECKSUM : PAYLOAD;
}

static uint32_t on_payload(uint32_t byte)
{
	if (byte == ESCAPE) {
		return ESCAPED;
	}
	return byte == START ? BAD : take(byte);
}

static uint32_t on_escaped(uint32_t byte)
{
	return take(byte ^ 0x20);
}

static uint32_t on_checksum(uint32_t byte)
{
	return ((byte ^ checksum) & 3) == 0 ? GOOD : BAD;
}

static uint32_t on_good(uint32_t byte)
{
	good = fold(good, checksum);
	return start_frame(byte);
}

static uint32_t on_bad(uint32_t byte)
{
	bad++;
	return start_frame(byte);
}

static uint32_t (*const states[STATES])(uint32_t) = {
	start_frame, on_length, on_payload, on_escaped, on_checksum, on_good, on_bad,
};

EXPORT(run) int32_t guest_dispatch_run(int32_t events)
{
	uint32_t seed = 5783321u;
	uint32_t state = IDLE;

	left = checksum = good = bad = 0;
	for (int32_t i = 0; i < events; i++) {
		uint32_t random = next_random(&seed);
		uint32_t byte = random & 0xFF;

		/* Real traffic has more of the two special bytes than noise has. */
		if ((random & 0x700) == 0) {
			byte = START;
		} else if ((random & 0xF00) == 0x100) {
			byte = ESCAPE;
		}
		state = states[state](byte);
	}
	return (int32_t)(good + bad);
}
