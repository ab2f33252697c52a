// Networks of any kind: what is known of them before they are built.
#include "hcnn/models/network.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace hcnn;

TEST_CASE("the number of values is that of the network that is built") {
  const Shape input{12, 10, 2};
  const std::vector<models::HeadOptions> heads = {{"a", 3}, {"b", 5}};
  for (const models::NetworkOptions& options : std::vector<models::NetworkOptions>{
           models::MultiHeadCnnOptions{
               .input = input, .channels = {4, 6}, .pooled = 2, .hidden = {}, .heads = heads, .batch_norm = false},
           models::MultiHeadCnnOptions{.input = input, .channels = {4}, .pooled = 3, .hidden = {9, 8}, .heads = heads},
           models::ResNetOptions{.layers = 9, .input = input, .width = 3, .heads = heads},
           models::ResNetOptions{.layers = 18, .input = input, .width = 3, .heads = heads}}) {
    auto model = models::make_network<double>(options);
    Index values = 0;
    for (const auto* param : model.state()) values += param->size();
    CHECK(models::state_values(options) == values);
  }
}
