// A stranger's program: two heads, its own arrays, its own cost matrix; exits 0 if the network learned.
#include <hcnn/hcnn.hpp>
#include <iostream>

using namespace hcnn;

// 8x8 colour noise; the bright quarter (0..3, row by row) is the class, its row the superclass.
data::Dataset make_images(Index count, std::uint64_t seed) {
  const Shape shape{.height = 8, .width = 8, .channels = 3};
  std::vector<float> pixels;
  std::vector<Label> quarters, rows;
  RandomStream random(Seed{seed}, hash_name("images"));
  for (Index n = 0; n < count; ++n) {
    const auto quarter = static_cast<Label>(n % 4);
    for (Index y = 0; y < 8; ++y)
      for (Index x = 0; x < 8; ++x)
        for (Index c = 0; c < 3; ++c)
          pixels.push_back(0.5f * static_cast<float>(random.uniform()) + (y / 4 * 2 + x / 4 == quarter ? 0.5f : 0.0f));
    quarters.push_back(quarter);
    rows.push_back(quarter / 2);
  }
  return data::Dataset{shape, std::move(pixels), {{"quarter", 4, quarters}, {"row", 2, rows}}};
}

int main() {
  const data::Dataset train_set = make_images(512, 1), test_set = make_images(128, 2);
  const CostMatrix costs{{{0, 1, 5, 5}, {1, 0, 5, 5}, {2, 2, 0, 1}, {2, 2, 1, 0}}};  // no tree gives these
  Model model{train_set.shape(),
              seq(Conv2d{{.out_channels = 8, .kernel = 3, .padding = 1}}, BatchNorm2d{}, ReLU{},
                  MaxPool2d{{.window = 2}}, Flatten{}, Linear{{.out_features = 32}}, ReLU{}),
              heads(head("quarter", Linear{{.out_features = 4}}), head("row", Linear{{.out_features = 2}}))};
  init::he_normal(model, Seed{1});
  auto loss = losses::severity("quarter", costs) + 0.5 * losses::cross_entropy("row");
  Adam optimizer{model.parameters(), {.learning_rate = 1e-3}};
  train::fit(model, loss, optimizer, train_set, {.epochs = 5, .batch = 32, .validate = test_set});
  const auto accuracy = train::evaluate(model, loss, test_set).heads.front().top1.value();
  std::cout << "quarter: " << 100 * accuracy << " % of " << test_set.size() << " test images\n";
  return accuracy > 0.9 ? 0 : 1;
}
