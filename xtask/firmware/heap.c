#include "heap.h"

#include <stdint.h>
#include <string.h>

#ifndef HEAP_BYTES
#define HEAP_BYTES (64 * 1024 * 1024)
#endif

#define ALIGN 16
/* The size of a block, with its header, is a power of two; each such size has a list of free ones. */
struct header {
	size_t size;
	unsigned order;
} __attribute__((aligned(ALIGN)));

struct free_block {
	struct free_block *next;
};

__attribute__((section(".large"), aligned(ALIGN))) static uint8_t heap[HEAP_BYTES];
static size_t taken, used, peak;
static struct free_block *free_blocks[8 * sizeof(size_t)];

static unsigned order_of(size_t size)
{
	return (unsigned)(8 * sizeof(unsigned long) - (size_t)__builtin_clzl(size + sizeof(struct header) - 1));
}

static struct header *header_of(void *block)
{
	return (struct header *)block - 1;
}

static void count(size_t bytes)
{
	used += bytes;
	if (used > peak) {
		peak = used;
	}
}

void *heap_alloc(size_t size, size_t align)
{
	struct header *header;
	unsigned order;

	if (align > ALIGN || size > HEAP_BYTES) {
		return NULL;
	}
	order = order_of(size < ALIGN ? ALIGN : size);
	if (free_blocks[order]) {
		header = header_of(free_blocks[order]);
		free_blocks[order] = free_blocks[order]->next;
	} else {
		if ((size_t)1 << order > HEAP_BYTES - taken) {
			return NULL;
		}
		header = (struct header *)&heap[taken];
		taken += (size_t)1 << order;
	}
	header->size = size;
	header->order = order;
	count(size);
	return header + 1;
}

void heap_free(void *block)
{
	struct header *header;
	struct free_block *free_block = block;

	if (block == NULL) {
		return;
	}
	header = header_of(block);
	used -= header->size;
	free_block->next = free_blocks[header->order];
	free_blocks[header->order] = free_block;
}

void *heap_realloc(void *block, size_t size, size_t align)
{
	struct header *header;
	void *to;

	if (block == NULL) {
		return heap_alloc(size, align);
	}
	header = header_of(block);
	if (size <= ((size_t)1 << header->order) - sizeof(*header)) {
		used -= header->size;
		header->size = size;
		count(size);
		return block;
	}
	to = heap_alloc(size, align);
	if (to != NULL) {
		memcpy(to, block, header->size);
		heap_free(block);
	}
	return to;
}

size_t heap_used(void)
{
	return used;
}

size_t heap_peak(void)
{
	return peak;
}

void heap_restart_peak(void)
{
	peak = used;
}
