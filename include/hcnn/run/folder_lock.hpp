// One writer for a folder: two trainings that continue the same run would spoil each other's files.
#pragma once

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "hcnn/core/check.hpp"
#include "hcnn/io/printable.hpp"

namespace hcnn::run {

/// Holds a folder for as long as it lives; the system lets go of it however the program ends.
class FolderLock {
 public:
  /// Throws Error where another lock holds the folder. File systems without locks, and a folder that is not there,
  /// are not guarded.
  explicit FolderLock(const std::filesystem::path& folder)
      : descriptor_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (descriptor_ < 0 || ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
    ::close(descriptor_);
    fail<Error>(io::printable_path(folder), "another program is writing to it", "wait for it or stop it first");
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

 private:
  int descriptor_;
};

}  // namespace hcnn::run
