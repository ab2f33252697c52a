// File paths, made safe for one line of a terminal.
#pragma once

#include <filesystem>
#include <string>

#include "hcnn/core/printable.hpp"

namespace hcnn::io {

/// A path for messages, in full: Linux accepts no path longer than 4096 bytes.
inline std::string printable_path(const std::filesystem::path& path) { return printable(path.string(), 4096); }

}  // namespace hcnn::io
