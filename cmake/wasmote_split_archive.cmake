# Splits the archive that cargo makes into wasmote itself and Rust's compiler_builtins:
#
#   cmake -DAR=<ar> -DARCHIVE=<libwasmote.a> -P cmake/wasmote_split_archive.cmake
#
# writes libwasmote_runtime.a and libwasmote_builtins.a beside it. A firmware has memcpy and the arithmetic of large and
# of floating-point numbers from its C library and libgcc: in one archive with wasmote, compiler_builtins would come
# first and be linked a second time, 7 KB on a Cortex-M4F and slower than theirs.
cmake_minimum_required(VERSION 3.20)

get_filename_component(folder "${ARCHIVE}" DIRECTORY)
set(runtime "${folder}/libwasmote_runtime.a")
set(builtins "${folder}/libwasmote_builtins.a")

# What was split is known by its contents: cargo gives back an archive of former options with its former time.
set(stamp "${folder}/libwasmote_split.sha256")
file(SHA256 "${ARCHIVE}" now)
string(APPEND now " ${AR}") # an ar for another CPU makes no index
set(before "")
if(EXISTS "${stamp}" AND EXISTS "${runtime}" AND EXISTS "${builtins}")
    file(READ "${stamp}" before)
endif()
if(now STREQUAL before)
    return()
endif()
file(REMOVE "${stamp}")

execute_process(COMMAND "${AR}" t "${ARCHIVE}" OUTPUT_VARIABLE members ERROR_VARIABLE error RESULT_VARIABLE result)
if(NOT result EQUAL 0)
    message(FATAL_ERROR "wasmote: '${AR} t ${ARCHIVE}' failed: ${result}\n${error}")
endif()
string(REGEX REPLACE "\r?\n" ";" members "${members}")
list(REMOVE_ITEM members "")
# rustc's objects are those of crates; the other ones are compiler_builtins' too, written in C or assembler.
set(of_runtime "${members}")
list(FILTER of_runtime INCLUDE REGEX "\\.rcgu\\.o$")
list(FILTER of_runtime EXCLUDE REGEX "^compiler_builtins-")
set(of_builtins "${members}")
list(REMOVE_ITEM of_builtins ${of_runtime})
if(NOT of_runtime OR NOT of_builtins)
    message(FATAL_ERROR "wasmote: ${ARCHIVE} is not as rustc makes archives: ${members}")
endif()

foreach(part runtime builtins)
    set(others "${of_runtime}")
    if(part STREQUAL "runtime")
        set(others "${of_builtins}")
    endif()
    configure_file("${ARCHIVE}" "${${part}}.new" COPYONLY)
    execute_process(COMMAND "${AR}" d "${${part}}.new" ${others} ERROR_VARIABLE error RESULT_VARIABLE result)
    if(NOT result EQUAL 0)
        message(FATAL_ERROR "wasmote: '${AR} d ${${part}}.new' failed: ${result}\n${error}")
    endif()
    file(RENAME "${${part}}.new" "${${part}}")
    file(TOUCH "${${part}}")
endforeach()
file(WRITE "${stamp}" "${now}")
