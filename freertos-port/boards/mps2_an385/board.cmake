set(FREERTOS_PORT GCC_ARM_CM3)
set(BOARD_SOURCES common/mps2.c)
set(BOARD_LINKER_SCRIPT common/mps2.ld)
