// Reading untrusted files: regular files only, sizes known before anything is allocated.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>

#include "hcnn/core/check.hpp"
#include "hcnn/io/printable.hpp"

namespace hcnn::io {

/// A regular file open for reading. Every failure throws FormatError with the path and the system's reason.
class InputFile {
 public:
  /// Opens the file; refuses folders, devices and pipes, and files larger than `most_bytes`.
  InputFile(const std::filesystem::path& path, std::uint64_t most_bytes) : name_(printable_path(path)) {
    // O_NONBLOCK: opening a pipe without a writer must not wait forever.
    descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    try {
      struct stat status {};
      if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0)
        fail<FormatError>(name_, std::strerror(errno), "a readable file is needed");
      if (!S_ISREG(status.st_mode)) fail<FormatError>(name_, "not a regular file", "a file is needed");
      size_ = static_cast<std::uint64_t>(status.st_size);
      if (size_ > most_bytes)
        fail<FormatError>(name_, concat(size_, " bytes"), concat("at most ", most_bytes, " bytes are read"));
    } catch (...) {
      ::close(descriptor_);  // harmless for -1, if nothing was opened
      throw;
    }
  }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  ~InputFile() { ::close(descriptor_); }

  /// Path for messages, with control characters escaped.
  const std::string& name() const { return name_; }
  /// Size of the file when it was opened, bytes.
  std::uint64_t size() const { return size_; }

  /// Reads the next `count` bytes; fails if the file ends earlier.
  void read(void* destination, std::size_t count) {
    auto* next = static_cast<char*>(destination);
    while (count > 0) {
      const ssize_t got = ::read(descriptor_, next, std::min(count, std::size_t{1} << 30));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) fail<FormatError>(name_, std::strerror(errno), "a readable file is needed");
      if (got == 0)
        fail<FormatError>(name_, "the file ended while it was read", concat(count, " more bytes are needed"));
      next += got;
      count -= static_cast<std::size_t>(got);
    }
  }

 private:
  std::string name_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

/// All bytes of a file of at most `most_bytes`. Throws FormatError naming the path and the reason.
inline std::string read_file(const std::filesystem::path& path, std::uint64_t most_bytes = std::uint64_t{1} << 28) {
  InputFile file(path, most_bytes);
  std::string bytes(file.size(), '\0');
  file.read(bytes.data(), bytes.size());
  return bytes;
}

}  // namespace hcnn::io
