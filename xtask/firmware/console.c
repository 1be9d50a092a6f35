/* Text and numbers for a board that writes bytes. */
#include "board.h"

void board_text(const char *text)
{
	size_t length = 0;

	while (text[length]) {
		length++;
	}
	board_write(text, length);
}

void board_number(char before, int64_t number, unsigned base)
{
	char digits[24];
	size_t at = sizeof(digits);
	uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

	do {
		digits[--at] = "0123456789abcdef"[rest % base];
		rest /= base;
	} while (rest);
	if (number < 0) {
		digits[--at] = '-';
	}
	digits[--at] = before;
	board_write(&digits[at], sizeof(digits) - at);
}
