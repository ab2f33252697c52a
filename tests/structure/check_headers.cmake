# Compiles each header alone: cmake -DCOMPILER= -DFLAGS= -DINCLUDE= -DGLOB=(GLOB or GLOB_RECURSE)
# -DPATTERN= -P check_headers.cmake
file(${GLOB} headers RELATIVE "${INCLUDE}" "${INCLUDE}/${PATTERN}")
if(NOT headers)
  message(FATAL_ERROR "${INCLUDE}/${PATTERN}: no header; expected at least one")
endif()
list(SORT headers)
separate_arguments(flags UNIX_COMMAND "${FLAGS}")

set(broken)
foreach(header IN LISTS headers)
  # The header is the first thing that an empty file includes; then "#pragma once" has its usual meaning.
  execute_process(
    COMMAND "${COMPILER}" -std=c++20 -fsyntax-only -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror ${flags}
            "-I${INCLUDE}" -include "${header}" -x c++ /dev/null
    RESULT_VARIABLE failed)
  if(failed)
    list(APPEND broken "${header}")
  endif()
endforeach()
if(broken)
  message(FATAL_ERROR "not compiled alone by ${COMPILER}: ${broken}")
endif()
list(LENGTH headers count)
get_filename_component(compiler "${COMPILER}" NAME)
if(GLOB STREQUAL GLOB_RECURSE)
  message("R14: ${count} headers alone by ${compiler}, no warning")
else()
  message("R14: ${count} umbrella headers alone by ${compiler} without OpenMP, no warning")
endif()
