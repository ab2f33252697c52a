// CIFAR-100 files: the data set holds exactly the records of the file.
#include "hcnn/data/cifar.hpp"

#include "fuzz/support/cifar.hpp"

namespace {

void run(fuzz::Bytes bytes) {
  fuzz::run_cifar(bytes, hcnn::data::kCifar100, hcnn::cifar100_taxonomy(), hcnn::data::read_cifar100_file);
}

const fuzz::Registration registration("cifar100", run);

}  // namespace
