/*
 * Text, as logs and consoles have it: records are written as lines, with decimal fractions and hexadecimal numbers,
 * taken apart again by a tokeniser whose states are a switch, and searched for a word.
 */
#include "guest.h"

#define LINE 96
#define LOG 1024

struct record {
	uint32_t sequence, address, name;
	int32_t value; /* thousandths */
};

static const char *const names[8] = {
	"inlet", "outlet", "motor", "timeout", "battery", "valve", "time", "overrun",
};

static char line[LINE];
static int line_length;
static char log_text[LOG];

static void put_text(const char *text)
{
	while (*text) {
		line[line_length++] = *text++;
	}
}

static void put_digits(uint32_t number, uint32_t base, int at_least)
{
	char digits[10];
	int count = 0;

	do {
		digits[count++] = "0123456789abcdef"[number % base];
		number /= base;
	} while (number || count < at_least);
	while (count) {
		line[line_length++] = digits[--count];
	}
}

static void put_thousandths(int32_t value)
{
	uint32_t size = value < 0 ? 0u - (uint32_t)value : (uint32_t)value;

	if (value < 0) {
		put_text("-");
	}
	put_digits(size / 1000, 10, 1);
	put_text(".");
	put_digits(size % 1000, 10, 3);
}

static void write_line(const struct record *record)
{
	line_length = 0;
	put_digits(record->sequence, 10, 1);
	put_text(" [0x");
	put_digits(record->address, 16, 4);
	put_text("] ");
	put_text(names[record->name]);
	put_text("=");
	put_thousandths(record->value);
	put_text(";\n");
}

static uint32_t name_of(const char *text, int length)
{
	for (uint32_t i = 0; i < 8; i++) {
		int at = 0;

		while (at < length && names[i][at] == text[at]) {
			at++;
		}
		if (at == length && !names[i][at]) {
			return i;
		}
	}
	return 8;
}

enum state { SEQUENCE, OPEN, PREFIX, ADDRESS, BLANK, NAME, SIGN, WHOLE, FRACTION, END, WRONG };

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Whether the line is one. */
static int read_line(struct record *record)
{
	enum state state = SEQUENCE;
	uint32_t number = 0;
	int negative = 0, begin = 0;

	for (int i = 0; i < line_length && state != WRONG; i++) {
		char c = line[i];

		switch (state) {
		case SEQUENCE:
			if (is_digit(c)) {
				number = number * 10 + (uint32_t)(c - '0');
			} else {
				record->sequence = number;
				state = c == ' ' ? OPEN : WRONG;
			}
			break;
		case OPEN:
			state = c == '[' ? PREFIX : WRONG;
			break;
		case PREFIX:
			number = 0;
			state = c == '0' ? PREFIX : c == 'x' ? ADDRESS : WRONG;
			break;
		case ADDRESS:
			if (is_digit(c)) {
				number = number << 4 | (uint32_t)(c - '0');
			} else if (c >= 'a' && c <= 'f') {
				number = number << 4 | (uint32_t)(c - 'a' + 10);
			} else {
				record->address = number;
				state = c == ']' ? BLANK : WRONG;
			}
			break;
		case BLANK:
			begin = i + 1;
			state = c == ' ' ? NAME : WRONG;
			break;
		case NAME:
			if (c == '=') {
				record->name = name_of(line + begin, i - begin);
				number = 0;
				negative = 0;
				state = record->name < 8 ? SIGN : WRONG;
			} else if (c < 'a' || c > 'z') {
				state = WRONG;
			}
			break;
		case SIGN:
			state = WHOLE;
			if (c == '-') {
				negative = 1;
				break;
			}
			/* fall through */
		case WHOLE:
		case FRACTION:
			if (is_digit(c)) {
				number = number * 10 + (uint32_t)(c - '0');
			} else if (c == '.' && state == WHOLE) {
				state = FRACTION;
			} else {
				record->value = (int32_t)(negative ? 0u - number : number);
				state = c == ';' ? END : WRONG;
			}
			break;
		default:
			return c == '\n' && i + 1 == line_length;
		}
	}
	return 0;
}

/* Horspool's search: how often the word is in the log. */
static uint32_t count_in_log(const char *word)
{
	uint8_t skip[128];
	int length = 0, at = 0;
	uint32_t found = 0;

	while (word[length]) {
		length++;
	}
	for (int i = 0; i < 128; i++) {
		skip[i] = (uint8_t)length;
	}
	for (int i = 0; i < length - 1; i++) {
		skip[word[i] & 127] = (uint8_t)(length - 1 - i);
	}
	while (at + length <= LOG) {
		int i = length - 1;

		while (i >= 0 && log_text[at + i] == word[i]) {
			i--;
		}
		found += i < 0;
		at += skip[log_text[at + length - 1] & 127];
	}
	return found;
}

/* So many lines; a checksum of their bytes, and of what is found in the last of them. */
EXPORT(run) int32_t guest_text_run(int32_t lines)
{
	uint32_t seed = 362436069u;
	uint32_t sum = 0, at = 0;

	for (int i = 0; i < LOG; i++) {
		log_text[i] = ' ';
	}
	for (int32_t i = 0; i < lines; i++) {
		uint32_t random = next_random(&seed);
		struct record record = {(uint32_t)i, random & 0xFFFFF, random >> 20 & 7, (int32_t)random >> (random & 15)};
		struct record read = {0, 0, 0, 0};

		write_line(&record);
		if (!read_line(&read) || read.sequence != record.sequence || read.address != record.address ||
		    read.name != record.name || read.value != record.value) {
			return -1;
		}
		for (int j = 0; j < line_length; j++) {
			log_text[at] = line[j];
			at = (at + 1) % LOG;
			sum = fold(sum, (uint32_t)line[j]);
		}
		if ((i & 3) == 3) {
			sum = fold(sum, count_in_log("timeout"));
		}
	}
	return (int32_t)sum;
}
