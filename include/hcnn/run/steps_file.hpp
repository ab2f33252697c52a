// steps.csv: lines that are appended while a training runs, and cut back to where a checkpoint stood.
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

/// A CSV file that grows line by line; a line is in memory until `flush`. Every failure throws Error naming the path.
class StepsFile {
 public:
  /// Touches no disk.
  explicit StepsFile(std::filesystem::path path) : path_(std::move(path)) { buffer_.reserve(2 * kBuffer); }
  StepsFile(const StepsFile&) = delete;
  StepsFile& operator=(const StepsFile&) = delete;
  /// Writes what is in memory: the lines before an error are those one wants to see.
  ~StepsFile() {
    if (descriptor_ < 0) return;
    try {
      flush();
    } catch (const Error&) {  // nobody is left to be told
    }
    ::close(descriptor_);
  }

  /// Begins an empty file with this header, a whole line.
  void create(std::string_view header) {
    open(O_TRUNC);
    buffer_ = header;
    bytes_ = static_cast<Index>(header.size());
    flush();
  }
  /// Goes on behind the first `bytes` bytes; what follows them is cut off. A missing file begins anew: its lines are
  /// lost, the training is not. Throws Error, and changes nothing, for a file that is shorter.
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

  /// Appends "epoch,step,loss,severity"; NaN becomes an empty field. Allocates nothing.
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
  /// Bytes of all lines, in memory and on disk.
  Index bytes() const { return bytes_; }

  /// Gives all lines to the system: they survive the end of this program.
  void flush() {
    std::size_t done = 0;
    while (done < buffer_.size()) {
      const ssize_t put = ::write(descriptor_, buffer_.data() + done, buffer_.size() - done);
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) {
        const int reason = errno;
        buffer_.erase(0, done);  // what is on disk is not to be written again
        errno = reason;
        refuse();
      }
      done += static_cast<std::size_t>(put);
    }
    buffer_.clear();
  }
  /// `flush`, and waits until all lines are on disk: they survive a power failure.
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
