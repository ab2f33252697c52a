// CIFAR-100 files: the data set holds exactly the records of the file.
#include "hcnn/data/cifar100.hpp"

#include "fuzz/support/cifar.hpp"

namespace {

void run_cifar100(fuzz::Bytes bytes) {
  fuzz::run_cifar(bytes, hcnn::data::kCifar100, hcnn::cifar100_taxonomy(), hcnn::data::read_cifar100_file);
}

const fuzz::Registration cifar100_target("cifar100", run_cifar100);

}  // namespace
