// The git commit that the programs are built from.
#pragma once

namespace examples {

/// Its id, ending in "-dirty" where files differ from it; "unknown" outside a git checkout. Defined in a file that each
/// build writes, by cmake/commit.cmake.
const char* commit();

}  // namespace examples
