// steps.csv: lines appended during training, truncated to the position of the snapshot on resume.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "hcnn/core/check.hpp"
#include "hcnn/core/shape.hpp"
#include "hcnn/io/printable.hpp"

namespace hcnn::run {

/// A CSV file that grows line by line; lines are buffered until `flush`. Every failure throws Error naming the path.
class StepsFile {
 public:
  /// Does not touch the disk.
  explicit StepsFile(std::filesystem::path path) : path_(std::move(path)) { buffer_.reserve(2 * kBuffer); }
  StepsFile(const StepsFile&) = delete;
  StepsFile& operator=(const StepsFile&) = delete;
  /// Writes the buffered lines: after an error, the last ones matter most.
  ~StepsFile() {
    if (descriptor_ < 0) return;
    try {
      flush();
    } catch (const Error&) {  // there is no one left to report it to
    }
    ::close(descriptor_);
  }

  /// Creates an empty file with this header, which must be a whole line.
  void create(std::string_view header) {
    open(O_TRUNC);
    buffer_ = header;
    bytes_ = static_cast<Index>(header.size());
    flush();
  }
  /// Continues after the first `bytes` bytes and cuts off what follows. If the file is missing, starts a new one: its
  /// lines are lost, the training is not. Throws Error, and changes nothing, if the file is shorter.
  void reopen(Index bytes, std::string_view header) {
    struct stat status {};
    if (::stat(path_.c_str(), &status) != 0) return create(header);
    if (status.st_size < bytes)
      fail<Error>(io::printable_path(path_), concat(status.st_size, " bytes"),
                  concat("the checkpoint follows ", bytes, "; to go on without its lines, remove the file"));
    open(0);
    if (::ftruncate(descriptor_, bytes) != 0 || ::lseek(descriptor_, 0, SEEK_END) < 0) refuse();
    bytes_ = bytes;
    buffer_.clear();  // of a training that threw
  }

  /// Appends "epoch,step,loss,severity"; NaN becomes an empty field. Allocates no memory.
  void add(Index epoch, Index step, double loss, double severity) {
    const std::size_t before = buffer_.size();
    const auto put = [&](auto value) {
      std::array<char, 32> text;
      buffer_.append(text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr);
    };
    put(epoch);
    buffer_ += ',';
    put(step);
    for (const double value : {loss, severity}) {
      buffer_ += ',';
      if (!std::isnan(value)) put(value);
    }
    buffer_ += '\n';
    bytes_ += static_cast<Index>(buffer_.size() - before);
    if (buffer_.size() >= kBuffer) flush();
  }
  /// Size of all lines, in memory and on disk.
  Index bytes() const { return bytes_; }

  /// Hands all lines to the operating system: they survive the end of this program.
  void flush() {
    std::size_t done = 0;
    while (done < buffer_.size()) {
      const ssize_t put = ::write(descriptor_, buffer_.data() + done, buffer_.size() - done);
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) {
        const int reason = errno;
        buffer_.erase(0, done);  // what was written must not be written again
        errno = reason;
        refuse();
      }
      done += static_cast<std::size_t>(put);
    }
    buffer_.clear();
  }
  /// `flush`, then waits until all lines are on disk: they survive a power failure.
  void sync() {
    flush();
    if (::fsync(descriptor_) != 0) refuse();
  }

 private:
  static constexpr std::size_t kBuffer = 1 << 16;  // bytes

  void open(int flags) {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0666);
    if (descriptor_ < 0) refuse();
  }
  [[noreturn]] void refuse() const {
    const std::string reason = std::strerror(errno);
    fail<Error>(io::printable_path(path_), "it cannot be written: " + reason, "free space is needed");
  }

  std::filesystem::path path_;
  int descriptor_ = -1;
  std::string buffer_;
  Index bytes_ = 0;
};

}  // namespace hcnn::run
