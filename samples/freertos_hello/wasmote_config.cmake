# wasmote's options for this firmware; what is not set has its default.
set(CONFIG_WASMOTE_LOG_LEVEL 2)                     # errors and warnings
set(CONFIG_WASMOTE_DEFAULT_STACK_SIZE 2048)
if(WASMOTE_BOARD_ALLOCATION STREQUAL "static")
    set(CONFIG_WASMOTE_POOL_SIZE 16384)             # FreeRTOS has no heap to take memory from
endif()
