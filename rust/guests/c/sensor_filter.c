/*
 * The demo's guest in C; ../rust/sensor_filter is the same in Rust, and both emit the same values.
 *
 * VERSION 1 smooths with a second-order low-pass in f32, VERSION 2 exponentially in fixed point and with a lower
 * alarm: the update that is loaded in the field. STUCK is the release that should never have left the house.
 */
#include "guest.h"

#ifndef VERSION
#define VERSION 1
#endif

#define WINDOW 5
#define FULL_SCALE 4095
/* Further from the median than this, in steps of the converter, is an outlier. */
#define OUTLIER 200
#define EMIT_EVERY 8

#if VERSION == 1
#define ALARM_ON 3000
#define ALARM_OFF 2900
#else
#define ALARM_ON 2800
#define ALARM_OFF 2600
#endif

enum { FLAG_ALARM_ON = 1, FLAG_ALARM_OFF = 2, FLAG_OUTLIER = 4 };

IMPORT(sensor, read) int32_t guest_sensor_read(void);
IMPORT(sensor, emit) void guest_sensor_emit(int32_t value, int32_t flags);
IMPORT(sensor, log) void guest_sensor_log(const char *text, uint32_t length);

static char line[80];
static uint32_t line_length;

static void put_text(const char *text)
{
	while (*text && line_length < sizeof(line)) {
		line[line_length++] = *text++;
	}
}

static void put_number(uint32_t number)
{
	char digits[11];
	int first = 10;

	digits[first] = 0;
	do {
		digits[--first] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	put_text(digits + first);
}

static void log_line(void)
{
	guest_sensor_log(line, line_length);
	line_length = 0;
}

#ifdef STUCK
static volatile int32_t calibrated;
#endif

static int32_t window[WINDOW];
static uint32_t seen;
static int32_t alarm;

static int32_t median(void)
{
	int32_t sorted[WINDOW];

	for (int i = 0; i < WINDOW; i++) {
		int32_t value = window[i];
		int j = i;

		while (j > 0 && sorted[j - 1] > value) {
			sorted[j] = sorted[j - 1];
			j--;
		}
		sorted[j] = value;
	}
	return sorted[WINDOW / 2];
}

#if VERSION == 1

/* Butterworth, cut off at a twentieth of the sample rate; direct form 2, transposed. */
static const float b0 = 0.020083366f, b1 = 0.040166732f, b2 = 0.020083366f, a1 = -1.5610181f, a2 = 0.6413515f;
static float s1, s2;

static int32_t smooth(int32_t sample)
{
	float x = (float)sample;
	float y;

	if (seen == 0) {
		/* As if it had always been so: no swing at the start. */
		s2 = (b2 - a2) * x;
		s1 = (b1 - a1) * x + s2;
	}
	y = b0 * x + s1;
	s1 = b1 * x - a1 * y + s2;
	s2 = b2 * x - a2 * y;
	return (int32_t)(y + 0.5f);
}

#else

/* The mean, with eight fractional bits. */
static int32_t mean;

static int32_t smooth(int32_t sample)
{
	if (seen == 0) {
		mean = sample << 8;
	}
	mean += ((sample << 8) - mean) >> 3;
	return (mean + 128) >> 8;
}

#endif

/* Reads one batch to its end; returns how many values it emitted. */
EXPORT(process) int32_t guest_sensor_filter_process(int32_t batch)
{
	uint32_t samples = 0, outliers = 0;
	int32_t emitted = 0;
	int32_t flags = 0;
	int32_t raw;

#ifdef STUCK
	put_text("batch ");
	put_number((uint32_t)batch);
	put_text(": calibrating");
	log_line();
	/* Waits for what never comes, without a single call that the host could use to stop it. */
	while (!calibrated) {
	}
#endif

	while ((raw = guest_sensor_read()) >= 0) {
		int32_t middle, value;

		if (raw > FULL_SCALE) {
			raw = FULL_SCALE;
		}
		if (seen == 0) {
			for (int i = 0; i < WINDOW; i++) {
				window[i] = raw;
			}
		}
		window[seen % WINDOW] = raw;
		middle = median();
		if (raw > middle + OUTLIER || raw < middle - OUTLIER) {
			raw = middle;
			outliers++;
			flags |= FLAG_OUTLIER;
		}
		value = smooth(raw);
		seen++;
		samples++;

		if (!alarm && value > ALARM_ON) {
			alarm = 1;
			flags |= FLAG_ALARM_ON;
		} else if (alarm && value < ALARM_OFF) {
			alarm = 0;
			flags |= FLAG_ALARM_OFF;
		}
		/* An alarm does not wait for its turn; an outlier does. */
		if (seen % EMIT_EVERY == 0 || (flags & (FLAG_ALARM_ON | FLAG_ALARM_OFF))) {
			guest_sensor_emit(value, flags);
			emitted++;
			flags = 0;
		}
	}

	put_text("batch ");
	put_number((uint32_t)batch);
	put_text(": ");
	put_number(samples);
	put_text(" samples, ");
	put_number((uint32_t)emitted);
	put_text(" emitted, ");
	put_number(outliers);
	put_text(" outliers");
	log_line();
	return emitted;
}

EXPORT(version) int32_t guest_sensor_filter_version(void)
{
#ifdef STUCK
	return 3;
#else
	return VERSION;
#endif
}
