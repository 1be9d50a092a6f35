# wasmote's options for a FreeRTOS firmware. Copy this file beside your top CMakeLists.txt, or name its place with
# -DWASMOTE_CONFIG=<file>; then change what is to differ from the defaults, which stand here. Options given with -D win.
# The names and meanings are those of Kconfig on Zephyr, where each option's help states its cost in bytes.

# ---- the engine ----
set(CONFIG_WASMOTE_INTERP y)                    # the interpreter; may be n with JIT
set(CONFIG_WASMOTE_INTERP_LAZY n)               # without JIT: encodes each function when it is first called
set(CONFIG_WASMOTE_JIT n)                       # compiles modules to native code (Cortex-M3 and above)
set(CONFIG_WASMOTE_JIT_LAZY n)                  # with JIT: compiles each function when it is first called
set(CONFIG_WASMOTE_DISPATCH_SPEED y)            # or CONFIG_WASMOTE_DISPATCH_SIZE
set(CONFIG_WASMOTE_OPT_SIZE y)                  # or CONFIG_WASMOTE_OPT_SPEED, CONFIG_WASMOTE_OPT_MINSIZE

# ---- WebAssembly: a module that uses what is off is refused by name ----
set(CONFIG_WASMOTE_FLOAT y)
set(CONFIG_WASMOTE_SIGN_EXTENSION y)
set(CONFIG_WASMOTE_SATURATING_FLOAT y)          # needs FLOAT
set(CONFIG_WASMOTE_MULTI_VALUE y)
set(CONFIG_WASMOTE_BULK_MEMORY y)
set(CONFIG_WASMOTE_REFERENCE_TYPES y)           # needs BULK_MEMORY
set(CONFIG_WASMOTE_EXTENDED_CONST y)
set(CONFIG_WASMOTE_TAIL_CALL y)
set(CONFIG_WASMOTE_CUSTOM_PAGE_SIZES y)

# ---- what else is linked ----
set(CONFIG_WASMOTE_FUEL y)                      # limits on the operators that an instance executes
set(CONFIG_WASMOTE_NAMES y)                     # function names in backtraces
set(CONFIG_WASMOTE_BACKTRACE y)
set(CONFIG_WASMOTE_MESSAGES y)                  # errors as text, not only as codes
set(CONFIG_WASMOTE_EXTRA_CHECKS n)              # checks of wasmote's own state while it runs
set(CONFIG_WASMOTE_WASMPARSER n)                # a second, independent validation; large
set(CONFIG_WASMOTE_THREAD y)                    # wasmote_thread_start and its kin
set(CONFIG_WASMOTE_RUNTIME_POOL y)              # wasmote_runtime_new in memory that the application gives

# ---- numbers ----
set(CONFIG_WASMOTE_LOG_LEVEL 2)                 # 0 off, 1 error, 2 warning, 3 information, 4 debug, 5 trace
set(CONFIG_WASMOTE_POOL_SIZE 0)                 # bytes of a static pool for all of wasmote; 0: FreeRTOS' heap
set(CONFIG_WASMOTE_JIT_CODE_SIZE 32768)         # with JIT: bytes of RAM for native code
# Quotas of an instance that is made without any
set(CONFIG_WASMOTE_INTERP_CODE_BUDGET 8192)     # with INTERP_LAZY: bytes of code that it holds
set(CONFIG_WASMOTE_DEFAULT_STACK_SIZE 8192)     # bytes of value stack
set(CONFIG_WASMOTE_DEFAULT_HEAP_LIMIT 65536)    # bytes of everything else but memories
set(CONFIG_WASMOTE_DEFAULT_MEMORY_LIMIT 131072) # bytes of linear memory
set(CONFIG_WASMOTE_DEFAULT_TABLE_LIMIT 1024)    # table elements
set(CONFIG_WASMOTE_DEFAULT_CALL_DEPTH 8)        # nested calls from the firmware
