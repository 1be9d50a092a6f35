/* The board of a program that runs cases on the host: as much of it as the runner uses. */
#include "board.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where the emulator would put them. */
#define CASES ((void *)0x21000000)

/* Maps the file that the environment names, so that the code in it can be run. */
void board_init(void)
{
	const char *name = getenv("CASES");
	struct stat status;
	int file = name == NULL ? -1 : open(name, O_RDONLY);

	if (file < 0 || fstat(file, &status) != 0 ||
	    mmap(CASES, (size_t)status.st_size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_FIXED_NOREPLACE,
		 file, 0) != CASES) {
		perror("cases");
		exit(1);
	}
}

void board_write(const char *text, size_t length)
{
	fwrite(text, 1, length, stdout);
	fflush(stdout);
}

void board_text(const char *text)
{
	board_write(text, strlen(text));
}

void board_number(char before, int64_t number, unsigned base)
{
	printf(base == 16 ? "%c%" PRIx64 : "%c%" PRId64, before, number);
}

_Noreturn void board_exit(int code)
{
	exit(code);
}

/* They are counted from outside. */
uint64_t board_instructions(void)
{
	return 0;
}
