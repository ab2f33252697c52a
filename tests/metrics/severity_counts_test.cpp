// Severity counts, HD@1, mistake severity.
#include "hcnn/metrics/severity_counts.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "hcnn/hierarchy/cifar100.hpp"

using namespace hcnn;
using namespace hcnn::metrics;

TEST_CASE("HD@1 averages over all samples, mistake severity over the mistakes") {
  // counts of a published 72 % network: HD@1 0.578, MS 2.061
  SeverityCounts counts(3);
  const int published[] = {7196, 1102, 429, 1273};
  for (int severity = 0; severity < 4; ++severity)
    for (int i = 0; i < published[severity]; ++i) counts.add(severity);
  CHECK(counts.counts() == std::vector<Index>{7196, 1102, 429, 1273});
  CHECK(counts.total() == 10000);
  CHECK(counts.mistakes() == 2804);
  CHECK(counts.hd1() == doctest::Approx(0.5779).epsilon(1e-12));
  CHECK(counts.ms() == doctest::Approx(5779.0 / 2804).epsilon(1e-12));
}

TEST_CASE("without samples the averages are no numbers, without mistakes 0") {
  SeverityCounts counts(2);
  CHECK(std::isnan(counts.hd1()));
  CHECK(std::isnan(counts.ms()));
  counts.add(0);
  CHECK(counts.hd1() == 0);
  CHECK(counts.ms() == 0);
}

TEST_CASE("the chance level of mistake severity is 2.838 for CIFAR-100") {
  // of 99 wrong classes 4 share the superclass; summed over all classes: 28,100 / 9,900
  CHECK(chance_ms(cifar100_taxonomy()) == doctest::Approx(28100.0 / 9900).epsilon(1e-14));
  CHECK(chance_ms(cifar100_taxonomy(), 2) == 1);
  const TaxonomyLevel one{.name = "one", .classes = {"only"}};
  CHECK(chance_ms(Taxonomy({one})) == 0);
}

TEST_CASE("severities out of range are refused") {
  SeverityCounts counts(3);
  CHECK_THROWS_WITH_AS(counts.add(4), "SeverityCounts: severity 4; severities are 0..3", DataError);
  CHECK_THROWS_AS(counts.add(-1), DataError);
  CHECK_THROWS_AS(SeverityCounts(-1), DataError);
}
