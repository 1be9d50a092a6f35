# Runs cargo with a target directory that other builds share, and takes the archive out of it before they go on:
#
#   cmake -DDIRECTORY=<target directory> -DARCHIVE=<libwasmote.a in it> -DCOPY=<libwasmote.a> \
#         -P cmake/wasmote_shared_build.cmake -- <cargo> build <arguments>...
cmake_minimum_required(VERSION 3.20)

set(command)
foreach(number RANGE ${CMAKE_ARGC})
    if(separator_seen AND number LESS CMAKE_ARGC)
        list(APPEND command "${CMAKE_ARGV${number}}")
    elseif("${CMAKE_ARGV${number}}" STREQUAL "--")
        set(separator_seen TRUE)
    endif()
endforeach()

# cargo has a lock of its own, but gives it back before anybody could have copied what it has built.
file(MAKE_DIRECTORY "${DIRECTORY}")
file(LOCK "${DIRECTORY}" DIRECTORY)
execute_process(COMMAND ${command} RESULT_VARIABLE result)
if(NOT result EQUAL 0)
    message(FATAL_ERROR "wasmote: cargo failed: ${result}")
endif()
configure_file("${ARCHIVE}" "${COPY}" COPYONLY)
