// CIFAR-10 files: the data set holds exactly the records of the file.
#include "hcnn/data/cifar10.hpp"

#include "fuzz/support/cifar.hpp"

namespace {

void run_cifar10(fuzz::Bytes bytes) {
  fuzz::run_cifar(bytes, hcnn::data::kCifar10, hcnn::cifar10_taxonomy(),
                  [](const std::filesystem::path& path) { return hcnn::data::read_cifar10_files({path}); });
}

const fuzz::Registration cifar10_target("cifar10", run_cifar10);

}  // namespace
