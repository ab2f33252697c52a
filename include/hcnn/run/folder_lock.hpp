// Lock that lets only one writer into a folder: two runs continuing there would corrupt each other's files.
#pragma once

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "hcnn/core/check.hpp"
#include "hcnn/io/printable.hpp"

namespace hcnn::run {

/// Holds the lock of a folder while it lives; the system releases it however the program ends.
class FolderLock {
 public:
  /// Throws Error if another lock holds the folder. Gives no protection for a folder that does not exist or on file
  /// systems without locks.
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
