/* wasm3, with the settings of xtask/src/bench/rivals.rs. */
#include <stdlib.h>
#include <string.h>

#include <wasm3.h>

#include "engine.h"
#include "heap.h"

#define STACK_BYTES (64 * 1024)

static IM3Environment environment;
static IM3Runtime runtime;
static IM3Module module;
static IM3Function func;
static M3Result failure;
static bool has_memory;

static bool done(M3Result result)
{
	failure = result;
	return result == m3Err_none;
}

static m3ApiRawFunction(tick)
{
	(void)runtime, (void)_ctx, (void)_mem;
	m3ApiReturnType(int32_t)
	m3ApiGetArg(int32_t, value)
	m3ApiReturn(value + 1);
}

/* With the stack for values. */
bool engine_start(void)
{
	heap_restart_peak();
	environment = m3_NewEnvironment();
	runtime = environment ? m3_NewRuntime(environment, STACK_BYTES, NULL) : NULL;
	return done(runtime ? m3Err_none : m3Err_mallocFailed);
}

/* It compiles only what is part of an instance and linked. */
bool engine_load(const uint8_t *wasm, size_t length)
{
	M3Result linked;

	if (!done(m3_ParseModule(environment, &module, wasm, (uint32_t)length))) {
		return false;
	}
	if (!done(m3_LoadModule(runtime, module))) {
		m3_FreeModule(module);
		return false;
	}
	has_memory = true;
	linked = m3_LinkRawFunction(module, "env", "tick", "i(i)", tick);
	if (linked != m3Err_functionLookupFailed && !done(linked)) {
		return false;
	}
	return done(m3_CompileModule(module));
}

bool engine_instantiate(const char *export_name)
{
	return done(m3_RunStart(module)) && done(m3_FindFunction(&func, runtime, export_name));
}

bool engine_call(int32_t argument, int32_t *result)
{
	const void *arguments[] = {&argument}, *results[] = {result};

	return done(m3_Call(func, 1, arguments)) && done(m3_GetResults(func, 1, results));
}

void engine_end(void)
{
	m3_FreeRuntime(runtime);
	m3_FreeEnvironment(environment);
	runtime = NULL;
	environment = NULL;
	has_memory = false;
}

const char *engine_why(void)
{
	return failure;
}

/* It may not be asked before there is one. */
static size_t memory_bytes(void)
{
	return has_memory ? m3_GetMemorySize(runtime) : 0;
}

size_t engine_heap(void)
{
	return heap_used() - memory_bytes();
}

/* It has no linear memory when it starts, and has it already while it compiles. */
size_t engine_heap_peak(void)
{
	return heap_peak() - memory_bytes();
}

size_t engine_code_bytes(void)
{
	return 0;
}

/* The C library's functions that it calls. */
void *malloc(size_t size)
{
	return heap_alloc(size, 1);
}

void *calloc(size_t count, size_t size)
{
	void *block = heap_alloc(count * size, 1);

	if (block) {
		memset(block, 0, count * size);
	}
	return block;
}

void *realloc(void *block, size_t size)
{
	return heap_realloc(block, size, 1);
}

void free(void *block)
{
	heap_free(block);
}
