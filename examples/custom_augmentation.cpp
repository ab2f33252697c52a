// An augmentation and a callback of your own: random brightness, and an overfitting alarm. After each epoch it
// measures how much better the network is on its training images, and stops a run that only memorises them.
//
// Run:    build/release/examples/custom_augmentation
// Takes:  about 2 seconds on 2 cores.
// Expect: the gap of the second training run, with augmentation, below that of the first.
#include <algorithm>
#include <hcnn/hcnn.hpp>
#include <iostream>

using namespace hcnn;

/// Multiplies all values of an image by one random factor in [1 - strength, 1 + strength]; values stay in 0..1.
class Brightness : public data::Augmentation {
 public:
  explicit Brightness(double strength) : strength_(strength) {
    require_option(strength > 0 && strength < 1, "Brightness", "strength", strength, "must be above 0 and below 1");
  }
  std::string name() const override { return concat("brightness(", strength_, ")"); }
  /// Called by several threads at once: all randomness comes from `random`, and no member is modified.
  void apply(float* image, const Shape& shape, RandomStream& random, Workspace&) const override {
    const auto factor = static_cast<float>(1 + strength_ * (2 * random.uniform() - 1));
    std::for_each(image, image + shape.size(), [&](float& value) { value = std::min(factor * value, 1.0F); });
  }

 private:
  double strength_;
};

/// Adds the column "gap.<level>" to the history, training accuracy minus validation accuracy, and stops training when
/// it exceeds a limit.
class OverfittingAlarm : public train::Callback<float> {
 public:
  OverfittingAlarm(std::string level, double limit) : level_(std::move(level)), limit_(limit) {}

  void on_epoch_end(train::FitState<float>& state, metrics::EpochRecord& record) override {
    const double gap = record.get("train." + level_ + ".top1") - record.get("val." + level_ + ".top1");
    record.set("gap." + level_, gap);
    if (gap > limit_) state.stop(concat("the gap of ", level_, " is ", gap));
  }

 private:
  std::string level_;
  double limit_;
};

metrics::EpochRecord train_with(const data::Augmentations& augment) {
  const data::Dataset images = data::synthetic({.samples = 600}), others = data::synthetic({.samples = 500, .seed = 2});
  Model model{images.shape(),
              seq(Conv2d{{.out_channels = 32, .kernel = 3, .stride = 2, .padding = 1}}, BatchNorm2d{}, ReLU{},
                  MaxPool2d{{.window = 2}}, Flatten{}, Linear{{.out_features = 64}}, ReLU{}),
              heads(head("group", Linear{{.out_features = 9}}))};
  init::he_normal(model, Seed{1});
  auto loss = losses::cross_entropy("group");
  Adam optimizer{model.parameters(), {.learning_rate = 1e-3}};
  const train::FitResult result = train::fit(model, loss, optimizer, images,
                                             {.epochs = 8,
                                              .batch = 32,
                                              .validate = others,
                                              .augment = augment,
                                              .callbacks = {std::make_shared<OverfittingAlarm>("group", 0.5)}});
  return result.history.back();
}

int main(int argc, char** argv) {
  if (argc > 1) {
    std::cerr << "custom_augmentation: " << argv[1] << "; it takes no options\n";
    return 2;
  }
  const auto plain = train_with({});
  const auto augmented = train_with({std::make_shared<Brightness>(0.4), data::pad_crop(4), data::horizontal_flip()});
  for (const auto& [what, record] : {std::pair{"as they are: ", plain}, {"augmented:   ", augmented}})
    std::cout << what << " validation " << 100 * record.get("val.group.top1") << " %, gap "
              << 100 * record.get("gap.group") << " % after epoch " << record.epoch << '\n';
  return augmented.get("gap.group") < plain.get("gap.group") ? 0 : 1;
}
