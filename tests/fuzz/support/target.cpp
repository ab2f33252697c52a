// The parts of target.hpp that need no template.
#include "fuzz/support/target.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "examples/common/commit.hpp"

const char* examples::commit() { return "fuzz"; }  // of config.json

namespace fuzz {
namespace {

Target* current = nullptr;

// A folder for what targets write.
class ScratchFolder {
 public:
  ScratchFolder() {
    const bool memory = ::access("/dev/shm", W_OK) == 0;
    std::string pattern = (memory ? "/dev/shm" : std::filesystem::temp_directory_path().string()) + "/hcnn_fuzz_XXXXXX";
    claim(::mkdtemp(pattern.data()) != nullptr, "no folder for files can be made");
    path = pattern;
  }
  ~ScratchFolder() {
    std::error_code error;
    std::filesystem::remove_all(path, error);
  }
  std::filesystem::path path;
};

}  // namespace

std::vector<Target>& targets() {
  static std::vector<Target> all;
  return all;
}

void run(Target& target, Bytes bytes) {
  current = &target;
  target.taken.reset();
  target.run(bytes);
}

void claim(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "%s: the claim does not hold: %.*s\n", current ? current->name.c_str() : "fuzz",
               static_cast<int>(what.size()), what.data());
  std::abort();
}

void note(bool accepted, std::size_t peak, std::size_t most) {
  ++(accepted ? current->accepted : current->refused);
  current->taken = accepted && current->taken.value_or(true);
  claim(peak <= most, hcnn::concat(peak, " bytes of heap memory; at most ", most, " are allowed"));
  const double share = static_cast<double>(peak) / static_cast<double>(most);
  if (share <= current->fullest) return;
  current->fullest = share;
  current->fullest_size = most;
}

void claim_one_line(std::string_view text) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  claim(!text.empty() && std::none_of(text.begin(), text.end(), control), "a message that is not one plain line");
  for (std::size_t i = 0; i + 1 < text.size(); ++i)  // U+0080 to U+009F steer terminals too
    claim(text[i] != '\xc2' || (text[i + 1] & 0xe0) != 0x80, "a message with a control character");
}

const std::filesystem::path& in_memory(Bytes bytes) {
  static const int file = ::memfd_create("fuzz", MFD_CLOEXEC);
  static const std::filesystem::path path = hcnn::concat("/proc/self/fd/", file);
  const bool written = file >= 0 && ::ftruncate(file, 0) == 0 &&
                       ::pwrite(file, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size());
  claim(written, "no file in memory can be made");
  return path;
}

std::filesystem::path scratch(const std::string& name) {
  static const ScratchFolder folder;
  return folder.path / name;
}

}  // namespace fuzz
