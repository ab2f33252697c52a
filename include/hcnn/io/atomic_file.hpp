// Writing files all or nothing: a crash, a full disk or a second writer leaves either the old file or the new one.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "hcnn/core/check.hpp"
#include "hcnn/io/input_file.hpp"

/// File formats; everything that is read is untrusted.
namespace hcnn::io {

/// A file being written. Bytes go to a temporary file in the same folder; `commit` makes them durable and gives them
/// the final name in one step. Without `commit` nothing is left behind. Every failure throws Error with the path and
/// the system's reason.
class AtomicFile {
 public:
  /// Creates the temporary file; the folder must exist.
  explicit AtomicFile(std::filesystem::path path) : path_(std::move(path)) {
    // A killed process may have left a temporary file under the same process id: take the next free number.
    do {
      temporary_ = path_.parent_path() /
                   concat('.', path_.filename().string(), ".tmp", ::getpid(), '.', next_number().fetch_add(1));
      descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (descriptor_ < 0 && errno == EEXIST);
    if (descriptor_ < 0) refuse("cannot be created");
  }
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!committed_) ::unlink(temporary_.c_str());
  }

  /// Appends `count` bytes.
  void write(const void* source, std::size_t count) {
    const auto* next = static_cast<const char*>(source);
    while (count > 0) {
      const ssize_t put = ::write(descriptor_, next, std::min(count, std::size_t{1} << 30));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) refuse("cannot be written");
      next += put;
      count -= static_cast<std::size_t>(put);
    }
  }
  /// Appends the bytes.
  void write(std::string_view bytes) { write(bytes.data(), bytes.size()); }

  /// Number of the next temporary file of this process.
  static std::atomic<unsigned>& next_number() {
    static std::atomic<unsigned> number{0};
    return number;
  }

  /// Makes the file durable under its final name. Order matters: content on disk, then the name, then the folder's
  /// entry.
  void commit() {
    if (::fsync(descriptor_) != 0) refuse("cannot be made durable");
    // Some network file systems report a failed write only here.
    if (::close(std::exchange(descriptor_, -1)) != 0) refuse("cannot be closed");
    if (std::rename(temporary_.c_str(), path_.c_str()) != 0) refuse("cannot be replaced");
    committed_ = true;
    sync_folder();
  }

 private:
  void sync_folder() const {
    const auto folder = path_.has_parent_path() ? path_.parent_path() : std::filesystem::path(".");
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) refuse("is written, but its folder cannot be opened");
    const bool durable = ::fsync(descriptor) == 0 || errno == EINVAL;  // EINVAL: not supported by this file system
    const int reason = errno;
    ::close(descriptor);
    errno = reason;
    if (!durable) refuse("is written, but its folder cannot be made durable");
  }

  [[noreturn]] void refuse(const std::string& what) const {
    const std::string reason = std::strerror(errno);
    fail<Error>(printable_path(path_), what + ": " + reason, "a writable folder with free space is needed");
  }

  std::filesystem::path path_;
  std::filesystem::path temporary_;
  int descriptor_ = -1;
  bool committed_ = false;
};

/// Removes temporary files of this class that a killed process left in a folder: those whose process is gone, or had
/// the id of this one, which can happen in a container. Processes of other machines and containers count as gone: hold
/// the folder's lock if they may write to it too.
inline void remove_temporaries(const std::filesystem::path& folder) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    const std::size_t mark = name.rfind(".tmp");
    if (!name.starts_with('.') || mark == std::string::npos) continue;
    int process = 0, end = 0;
    unsigned number = 0;
    if (std::sscanf(name.c_str() + mark, ".tmp%d.%u%n", &process, &number, &end) != 2 ||
        name[mark + static_cast<std::size_t>(end)] != 0 || process <= 0)
      continue;
    const bool gone =
        process == ::getpid() ? number >= AtomicFile::next_number().load() : ::kill(process, 0) != 0 && errno == ESRCH;
    if (gone) std::filesystem::remove(entry.path(), error);
  }
}

/// Writes a whole file, all or nothing; throws Error naming the path and the system's reason.
inline void write_file(const std::filesystem::path& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

}  // namespace hcnn::io
