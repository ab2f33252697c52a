// A loss of your own, and costs that do not form a tree: confusing one certain pair of classes costs most.
// The loss is written outside the library and verified by the gradient check. It is compared with the library's tools
// for any cost matrix: the expected severity in training, and the decision with the least expected cost after it.
//
// Run:    build/release/examples/custom_loss
// Takes:  about 10 seconds on 2 cores.
// Expect: a passed gradient check; then for each method the accuracy, the mean cost and how often the pair was
//         confused. The decision by costs reduces both by far the most, 17 confusions to 2, at the expense of accuracy.
#include <cmath>
#include <hcnn/hcnn.hpp>
#include <hcnn/testing.hpp>
#include <iostream>

using namespace hcnn;

/// Options of PairLoss.
struct PairLossOptions {
  Index classes = 0;  ///< number of classes of the head
  Label one = 0;      ///< first class of the pair
  Label other = 1;    ///< second class of the pair
  double weight = 1;  ///< weight of -log(1 - p_o); >= 0
};

/// Mean over the samples of  -log p_y - weight log(1 - p_o)  if the true class y is one of the pair and o the other
/// one, -log p_y otherwise: unlike expected severity, its gradient does not vanish for a sample that is certainly
/// wrong.
template <class M = float>
class PairLoss : public losses::PerSampleLoss<M> {
 public:
  PairLoss(std::string head, const PairLossOptions& options)
      : losses::PerSampleLoss<M>(std::move(head), "", options.classes), options_(options) {
    require_nonnegative("PairLoss", "weight", options.weight);
  }
  std::string name() const override {
    return concat("pair_loss(", this->head(), ", ", options_.one, ", ", options_.other, ')');
  }
  std::unique_ptr<losses::Loss<M>> clone() const override { return std::make_unique<PairLoss>(*this); }

 private:
  // With p = softmax(z):  d(-log p_y)/dz_k = p_k - [k = y],  d(-log(1 - p_o))/dz_k = ([k = o] - p_k) p_o / (1 - p_o).
  double sample(Label truth, const losses::Softmax& p, double scale, M* gradient) override {
    const auto y = static_cast<std::size_t>(truth);
    const Label one = options_.one, other = options_.other;
    const bool of_pair = truth == one || truth == other;
    const auto o = static_cast<std::size_t>(truth == one ? other : one);
    const double rest = std::max(1 - p[o], 1e-12), odds = of_pair ? options_.weight * p[o] / rest : 0;
    for (std::size_t k = 0; k < p.size(); ++k)
      gradient[k] += static_cast<M>(scale * (p[k] - (k == y) + odds * ((of_pair && k == o) - p[k])));
    return -p.log(y) - (of_pair ? options_.weight * std::log(rest) : 0);
  }

  PairLossOptions options_;
};

constexpr Label kRed = 0, kOrange = 1;  // groups of the built-in images: the pair
constexpr double kPairCost = 20;        // any other mistake costs 1

/// Cost of each mistake. No tree gives these: neighbouring classes in a tree cost less, not more.
CostMatrix pair_costs(Index classes) {
  const auto size = static_cast<std::size_t>(classes);
  std::vector<std::vector<double>> costs(size, std::vector<double>(size, 1.0));
  for (std::size_t k = 0; k < size; ++k) costs[k][k] = 0;
  costs[kRed][kOrange] = costs[kOrange][kRed] = kPairCost;
  return CostMatrix(costs);
}

/// Trains a small network on few images, so that it makes mistakes, and prints their costs.
void compare(const char* what, losses::LossSum<float> loss) {
  const data::Dataset images = data::synthetic({.samples = 500}),
                      others = data::synthetic({.samples = 1000, .part = data::Part::test});
  Model model{images.shape(),
              seq(Conv2d{{.out_channels = 16, .kernel = 5, .stride = 2}}, BatchNorm2d{}, ReLU{},
                  MaxPool2d{{.window = 2}}, Flatten{}),
              heads(head("group", Linear{{.out_features = 9}}))};
  init::he_normal(model, Seed{1});
  Adam optimizer{model.parameters(), {.learning_rate = 2e-3}};
  train::fit(model, loss, optimizer, images, {.epochs = 10, .batch = 32});
  const metrics::ConditionalRisk cheapest("group", pair_costs(9));
  for (const bool decide : {false, true}) {
    const auto result = train::evaluate(model, loss, others, {.rule = decide ? &cheapest : nullptr});
    const metrics::ConfusionMatrix& confusion = result.head("group").confusion;
    std::cout << what << (decide ? ", least expected cost" : "") << ": accuracy " << 100 * confusion.accuracy()
              << " %, mean cost " << metrics::mean_cost(confusion, pair_costs(9)) << ", pair confused "
              << confusion(kRed, kOrange) + confusion(kOrange, kRed) << " times" << std::endl;
  }
}

int main(int argc, char** argv) {
  if (argc > 1) {
    std::cerr << "custom_loss: " << argv[1] << "; it takes no options\n";
    return 2;
  }
  PairLoss<double> loss("group", {.classes = 4, .one = 0, .other = 2, .weight = 3});
  Logits<double> logits;
  Targets targets;
  for (double& z : logits.resize("group", 5, 4)) z = std::sin(static_cast<double>(&z - logits["group"].data()));
  targets.level("group").labels = {0, 1, 2, kNoLabel, 3};
  const testing::GradientReport report = testing::check_loss(loss, logits, targets);
  std::cout << report.text() << '\n';
  if (!report) return 1;

  compare("cross-entropy", losses::cross_entropy("group"));
  compare("and expected severity", losses::cross_entropy("group") + losses::expected_severity("group", pair_costs(9)));
  compare("pair loss", PairLoss<>("group", {.classes = 9, .one = kRed, .other = kOrange, .weight = 10}));
}
