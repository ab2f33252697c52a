// Where the scripts of the interactive pages are, and how they are read.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "hcnn/io/input_file.hpp"

namespace hcnn::report {

/// The folder share/hcnn: $HCNN_SHARE_DIR if set, else the path that the CMake target hcnn::io was built or installed
/// with, else the folder beside that of the headers, which requires that the compiler was given the headers' absolute
/// path. Empty if there is none.
inline std::filesystem::path share_folder() {
  if (const char* folder = std::getenv("HCNN_SHARE_DIR"); folder && *folder) return folder;
#ifdef HCNN_SHARE_DIR
  return HCNN_SHARE_DIR;
#else
  std::filesystem::path prefix = std::filesystem::path(__FILE__).lexically_normal();  // include/hcnn/report/share.hpp
  for (int up = 0; up < 4; ++up) prefix = prefix.parent_path();
  const std::filesystem::path folder = prefix / "share" / "hcnn";
  std::error_code ignored;
  return std::filesystem::is_directory(folder, ignored) ? folder : std::filesystem::path();
#endif
}

/// What makes a page interactive: the text of files under share/hcnn.
struct PageScripts {
  std::string style;                 ///< CSS
  std::vector<std::string> scripts;  ///< JavaScript: the charting library, then the page's own
};

/// Text of a file to be embedded in a page unchanged. Throws FormatError if it is missing or would end its element.
inline std::string read_script(const std::filesystem::path& path) {
  std::string text = io::read_file(path, std::uint64_t{1} << 22);
  for (const char* end : {"</script", "</style", "<!--"})
    if (text.find(end) != std::string::npos)
      fail<FormatError>(io::printable_path(path), std::string("it holds ") + end, "a script without it is needed");
  return text;
}

/// The files of share/hcnn that are embedded in pages. Throws FormatError, naming the file, if one is missing.
inline PageScripts read_page_scripts(const std::filesystem::path& folder = share_folder()) {
  if (folder.empty())
    fail<FormatError>("report", "no folder share/hcnn is known", "set HCNN_SHARE_DIR or link hcnn::io");
  PageScripts scripts;
  for (const char* file : {"uplot/uPlot.min.css", "report/report.css"}) scripts.style += read_script(folder / file);
  for (const char* file : {"uplot/uPlot.iife.min.js", "report/page.js", "report/tables.js", "report/curves.js",
                           "report/tree.js", "report/matrix.js", "report/confusion.js", "report/bars.js",
                           "report/calibration.js", "report/compare.js", "report/start.js"})
    scripts.scripts.push_back(read_script(folder / file));
  return scripts;
}

}  // namespace hcnn::report
