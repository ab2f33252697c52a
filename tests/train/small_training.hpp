// A training that takes milliseconds: images, network, loss and optimizer; and a callback that stops it.
#pragma once

#include <stop_token>
#include <utility>
#include <vector>

#include "hcnn/data/dataset.hpp"
#include "hcnn/layers/dropout.hpp"
#include "hcnn/layers/flatten.hpp"
#include "hcnn/layers/init.hpp"
#include "hcnn/layers/model.hpp"
#include "hcnn/losses/cross_entropy.hpp"
#include "hcnn/optim/adam.hpp"
#include "hcnn/train/fit.hpp"

namespace hcnn::testing {

inline constexpr Shape kSmallImage{.height = 6, .width = 6, .channels = 2};

/// Images whose class shows in the place of a bright pixel, under noise; two levels: 4 classes in 2 groups.
inline data::Dataset small_images(Index count, std::uint64_t seed = 1, bool shuffled_labels = false) {
  const Taxonomy tree({{"fine", {"a", "b", "c", "d"}, {0, 0, 1, 1}}, {"group", {"ab", "cd"}, {}}});
  RandomStream random(Seed{seed}, hash_name("fit test"));
  std::vector<float> pixels;
  std::vector<Label> labels;
  for (Index n = 0; n < count; ++n) {
    const auto label = static_cast<Label>(n % 4);
    labels.push_back(shuffled_labels ? static_cast<Label>(random.below(4)) : label);
    for (Index i = 0; i < kSmallImage.size(); ++i)
      pixels.push_back(static_cast<float>(0.3 * random.uniform() + (i / 18 == label ? 0.5 : 0.0)));
  }
  return data::Dataset(kSmallImage, std::move(pixels), tree, std::move(labels));
}

/// Convolution, two heads; untrained.
template <class T>
Model<T> small_model(double dropout = 0.25) {
  Model<T> model(kSmallImage,
                 seq(Conv2d<T>{{.out_channels = 8, .kernel = 3, .padding = 1}}, BatchNorm2d<T>{}, ReLU<T>{},
                     MaxPool2d<T>{{.window = 2}}, Flatten<T>{}, Linear<T>{{.out_features = 16}}, ReLU<T>{},
                     Dropout<T>{{.rate = dropout}}),
                 heads(head("fine", Linear<T>{{.out_features = 4}}), head("group", Linear<T>{{.out_features = 2}})));
  init::he_normal(model, Seed{1});
  return model;
}

/// The loss of both heads.
template <class M>
losses::LossSum<M> two_heads() {
  return losses::cross_entropy<M>("fine") + 0.5 * losses::cross_entropy<M>("group");
}

/// Network, loss and Adam. It stays where it is: the optimizer refers to the network's parameters.
template <class T>
struct SmallTraining {
  explicit SmallTraining(const AdamOptions& options = {}, double dropout = 0.25)
      : model(small_model<T>(dropout)), optimizer(model.parameters(), options) {}
  SmallTraining(const SmallTraining&) = delete;
  SmallTraining& operator=(const SmallTraining&) = delete;

  train::FitResult fit(const data::Dataset& images, train::FitOptions<T> options) {
    return train::fit(model, loss, optimizer, images, std::move(options));
  }

  Model<T> model;
  losses::LossSum<Master<T>> loss = two_heads<Master<T>>();
  Adam<Master<T>> optimizer;
};

/// Asks a training to stop after a step or, with step 0, at the end of an epoch.
template <class T>
class StopAt : public train::Callback<T> {
 public:
  StopAt(Index epoch, Index step) : epoch_(epoch), step_(step) {}

  /// For the training's `stop`.
  std::stop_token token() const { return source_.get_token(); }

  void on_step_end(train::FitState<T>& state) override { stop_at(state.epoch, state.step); }
  void on_epoch_end(train::FitState<T>& state, metrics::EpochRecord&) override { stop_at(state.epoch, 0); }

 private:
  void stop_at(Index epoch, Index step) {
    if (epoch == epoch_ && step == step_) source_.request_stop();
  }

  Index epoch_, step_;
  std::stop_source source_;
};

/// All values of a network, statistics included.
template <class T>
std::vector<Master<T>> weights(Model<T>& model) {
  std::vector<Master<T>> all;
  for (const auto* param : model.state()) all.insert(all.end(), param->value(), param->value() + param->size());
  return all;
}

}  // namespace hcnn::testing
