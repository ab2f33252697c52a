# Writes FILE, a C++ source with the id of the git commit that FOLDER has checked out ("unknown" outside a git checkout),
# unless it says so already: cmake -DFOLDER=DIR -DFILE=commit.cpp -P commit.cmake. Every build runs it: at configuration it
# would not see later commits and edits.
set(commit unknown)
find_package(Git QUIET)
if(Git_FOUND)
  # Without optional locks: a git command beside the build is not disturbed.
  execute_process(COMMAND "${GIT_EXECUTABLE}" --no-optional-locks describe --always --dirty --abbrev=12 --exclude=* WORKING_DIRECTORY "${FOLDER}"
                  OUTPUT_VARIABLE id OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(NOT failed)
    set(commit "${id}")
  endif()
endif()
file(CONFIGURE OUTPUT "${FILE}" @ONLY CONTENT [[
#include "examples/common/commit.hpp"

const char* examples::commit() { return "@commit@"; }
]])
