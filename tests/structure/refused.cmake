# For tests of programs in the folder PROGRAMS that work in the folder WORK.

# Runs a program and expects one line on standard error that matches, and a failure.
function(refused expected program)
  execute_process(COMMAND "${PROGRAMS}/${program}" ${ARGN} RESULT_VARIABLE status ERROR_VARIABLE error
                  OUTPUT_VARIABLE output WORKING_DIRECTORY "${WORK}")
  string(REGEX MATCHALL "\n" lines "${error}")
  list(LENGTH lines count)
  if(status EQUAL 0 OR NOT count EQUAL 1 OR NOT error MATCHES "${expected}")
    message(FATAL_ERROR "${program} ${ARGN}: status ${status}, ${count} lines: ${error}\nexpected one line: ${expected}")
  endif()
endfunction()
