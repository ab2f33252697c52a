// Replays the kept corpus on every target, without libFuzzer: each file, each file of up to 2 KiB cut after every byte,
// and the large inputs. fuzz_corpus CORPUS [TARGET]; ends with a table and fails where a target has no good or no bad
// files, refuses a file whose name begins with "good", or takes another.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "fuzz/support/large.hpp"
#include "fuzz/support/target.hpp"

namespace {

std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

struct Replay {
  std::size_t good = 0, bad = 0, wrong = 0;  // files
};

Replay replay(fuzz::Target& target, const std::filesystem::path& folder) {
  constexpr std::size_t kCut = 2048;
  Replay files;
  for (const auto& path : files_in(folder)) {
    std::ifstream file(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    std::fprintf(stderr, "%s/%s\r", target.name.c_str(), path.filename().c_str());  // left there by a crash
    fuzz::run(target, bytes);
    const bool good = path.filename().string().starts_with("good");
    ++(good ? files.good : files.bad);
    if (target.taken.value_or(false) != good) {
      ++files.wrong;
      std::fprintf(stderr, "fuzz_corpus: %s/%s is %s\n", target.name.c_str(), path.filename().c_str(),
                   good ? "not taken" : "taken");
    }
    if (bytes.size() <= kCut)
      for (std::size_t length = 0; length < bytes.size(); ++length)
        fuzz::run(target, fuzz::Bytes(bytes).substr(0, length));
  }
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: fuzz_corpus CORPUS [TARGET]\n");
    return 2;
  }
  auto& all = fuzz::targets();
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  const std::vector<fuzz::LargeInput> large = fuzz::large_inputs();
  bool complete = true;
  std::printf("%-14s %6s %9s %9s  %s\n", "target", "files", "accepted", "refused",
              "largest share of the allowed memory");
  for (fuzz::Target& target : all) {
    if (argc > 2 && target.name != argv[2]) continue;
    const std::filesystem::path folder = std::filesystem::path(argv[1]) / target.name;
    const Replay files = std::filesystem::is_directory(folder) ? replay(target, folder) : Replay{};
    for (const fuzz::LargeInput& input : large)
      if (input.target == target.name) fuzz::run(target, input.bytes);
    std::printf("%-14s %6zu %9zu %9zu  %.3f\n", target.name.c_str(), files.good + files.bad, target.accepted,
                target.refused, target.fullest);
    complete = complete && files.good > 0 && files.bad > 0 && files.wrong == 0;
  }
  if (!complete)
    std::fprintf(stderr, "fuzz_corpus: every target needs good and bad files, each treated as its name says\n");
  return complete ? 0 : 1;
}
