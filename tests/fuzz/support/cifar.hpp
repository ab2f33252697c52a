// What the targets of CIFAR-10 and CIFAR-100 share.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "fuzz/support/target.hpp"
#include "hcnn/data/cifar_records.hpp"

namespace fuzz {

/// Reads the bytes as a file of that format and claims that the data set holds exactly its records, sorted, with
/// channels last and a legal label at every level. The buffer for the first records may be larger than the file: it is
/// within the 1 MiB.
template <class Read>
void run_cifar(Bytes bytes, const hcnn::data::CifarFormat& format, const hcnn::Taxonomy& tree, const Read& read) {
  using namespace hcnn;
  const auto& path = in_memory(bytes);
  const auto images = checked(allowed(bytes.size()), [&] { return read(path); });
  if (!images) return;
  std::vector<std::string> records;
  for (std::size_t first = 0; first < bytes.size(); first += format.record())
    records.emplace_back(bytes.substr(first, format.record()));
  std::sort(records.begin(), records.end());
  claim(images->size() == static_cast<Index>(records.size()), "another number of images than of records");
  std::vector<float> image(3072);
  for (std::size_t i = 0; i < records.size(); ++i) {
    const auto at = [&](std::size_t byte) { return static_cast<unsigned char>(records[i][byte]); };
    const Label fine = images->label(0, static_cast<Index>(i));
    claim(fine == at(format.labels - 1), "the label of another record");
    for (std::size_t k = 0; k < format.labels; ++k)  // the finest one last
      claim(images->label(static_cast<Index>(k), static_cast<Index>(i)) == at(format.labels - 1 - k), "another label");
    for (Index level = 0; level < tree.levels(); ++level)
      claim(images->label(level, static_cast<Index>(i)) == tree.ancestor(fine, 0, level), "a label of another class");
    images->copy_image(static_cast<Index>(i), image.data());
    for (std::size_t p = 0; p < 1024; ++p)
      for (std::size_t c = 0; c < 3; ++c)
        claim(image[p * 3 + c] == static_cast<float>(at(format.labels + c * 1024 + p)) / 255.0F, "another pixel");
  }
}

}  // namespace fuzz
