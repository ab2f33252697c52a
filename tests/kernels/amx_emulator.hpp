// AMX on machines that lack it: their processor refuses each of its instructions with SIGILL, and the handler executes
// it in software. So the machine code of the kernels is tested anywhere, thousands of times slower. Source: Intel
// Architecture Instruction Set Extensions Programming Reference, 319433, chapter 3.
#pragma once

#if defined(__x86_64__) && defined(__linux__)
#include <signal.h>
#include <ucontext.h>

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace hcnn::testing {

/// The tiles of one thread.
struct EmulatedTiles {
  static constexpr int kRows = 16, kBytes = 64;
  std::array<std::array<std::array<std::uint8_t, kBytes>, kRows>, 8> data = {};
  std::array<std::uint8_t, 8> rows = {};
  std::array<std::uint16_t, 8> bytes = {};
  std::array<std::uint8_t, 64> config = {};  // 0: released

  static EmulatedTiles& of_this_thread() {
    static thread_local EmulatedTiles tiles;
    return tiles;
  }
};

/// One instruction, as far as AMX' ones need to be decoded: VEX prefix of three bytes, opcode, ModRM, SIB,
/// displacement.
class AmxInstruction {
 public:
  explicit AmxInstruction(const greg_t* registers) : registers_(registers), at_(code(registers)) {
    if (at_[0] != 0xc4 || (at_[1] & 0x1f) != 2 || (at_[2] & 0x84) != 0) return;  // map 0F38, W0, 128 bits
    prefix_ = at_[2] & 3;
    opcode_ = at_[3];
    modrm_ = at_[4];
    length_ = 5;
    if (modrm_ >> 6 != 3 && (modrm_ & 7) == 4) decode_address();
  }

  /// Executes it; false where it is none of AMX.
  bool execute() const {
    EmulatedTiles& tiles = EmulatedTiles::of_this_thread();
    const int field = modrm_ >> 3 & 7, other = modrm_ & 7, last = 7 ^ (at_[2] >> 3 & 7);
    const bool memory = modrm_ >> 6 != 3;
    if (opcode_ == 0x49 && prefix_ == 0 && memory && field == 0) return configure(tiles);
    if (opcode_ == 0x49 && prefix_ == 1 && memory && field == 0) return store_config(tiles);
    if (opcode_ == 0x49 && prefix_ == 0 && modrm_ == 0xc0) return tiles = {}, true;  // tilerelease
    if (tiles.rows[0] == 0) return false;  // not configured: an error on real machines too
    auto& tile = tiles.data[static_cast<std::size_t>(field)];
    if (opcode_ == 0x49 && prefix_ == 3 && !memory) return tile = {}, true;
    if (opcode_ == 0x4b && memory && prefix_ == 3) return load(tile);
    if (opcode_ == 0x4b && memory && prefix_ == 2) return store(tile);
    if (opcode_ == 0x5c && prefix_ == 2 && !memory)
      return multiply(tile, tiles.data[static_cast<std::size_t>(other)], tiles.data[static_cast<std::size_t>(last)]);
    return false;
  }
  int length() const { return length_; }

 private:
  using Tile = std::array<std::array<std::uint8_t, EmulatedTiles::kBytes>, EmulatedTiles::kRows>;

  static const std::uint8_t* code(const greg_t* registers) {
    return reinterpret_cast<const std::uint8_t*>(registers[REG_RIP]);
  }
  greg_t value(int number) const {
    constexpr int kOrder[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
    return registers_[kOrder[number]];
  }
  void decode_address() {
    const std::uint8_t sib = at_[5];
    const int base = (sib & 7) | (at_[1] & 0x20 ? 0 : 8), index = (sib >> 3 & 7) | (at_[1] & 0x40 ? 0 : 8);
    length_ = 6;
    std::int32_t displacement = 0;
    if (modrm_ >> 6 == 1) {
      displacement = static_cast<std::int8_t>(at_[6]);
      length_ = 7;
    } else if (modrm_ >> 6 == 2 || (sib & 7) == 5) {
      std::memcpy(&displacement, at_ + 6, sizeof displacement);
      length_ = 10;
    }
    const bool has_base = modrm_ >> 6 != 0 || (sib & 7) != 5;
    address_ = (has_base ? value(base) : 0) + displacement;
    stride_ = index == 4 ? 0 : value(index) << (sib >> 6);
  }

  // The operand in memory, which the compiler addresses without a SIB byte where it needs none.
  std::uint8_t* operand() const {
    greg_t address = address_;
    if ((modrm_ & 7) != 4) {
      const int base = (modrm_ & 7) | (at_[1] & 0x20 ? 0 : 8), mode = modrm_ >> 6;
      const bool from_here = mode == 0 && (modrm_ & 7) == 5;  // relative to the next instruction
      std::int32_t displacement = 0;
      if (mode == 1) displacement = static_cast<std::int8_t>(at_[5]);
      if (mode == 2 || from_here) std::memcpy(&displacement, at_ + 5, sizeof displacement);
      length_ = mode == 1 ? 6 : mode == 2 || from_here ? 9 : 5;
      address = (from_here ? reinterpret_cast<greg_t>(at_) + length_ : value(base)) + displacement;
    }
    return reinterpret_cast<std::uint8_t*>(address);
  }
  bool configure(EmulatedTiles& tiles) const {
    std::memcpy(tiles.config.data(), operand(), tiles.config.size());
    if (tiles.config[0] != 1) return false;
    for (std::size_t t = 0; t < 8; ++t) {
      std::memcpy(&tiles.bytes[t], tiles.config.data() + 16 + 2 * t, 2);
      tiles.rows[t] = tiles.config[48 + t];
      if (tiles.bytes[t] != EmulatedTiles::kBytes || tiles.rows[t] != EmulatedTiles::kRows) return false;
    }
    return true;
  }
  bool store_config(const EmulatedTiles& tiles) const {
    std::memcpy(operand(), tiles.config.data(), tiles.config.size());
    return true;
  }
  bool load(Tile& tile) const {
    for (std::size_t r = 0; r < tile.size(); ++r) std::memcpy(tile[r].data(), row(r), tile[r].size());
    return true;
  }
  bool store(const Tile& tile) const {
    for (std::size_t r = 0; r < tile.size(); ++r) std::memcpy(row(r), tile[r].data(), tile[r].size());
    return true;
  }
  std::uint8_t* row(std::size_t r) const {
    return reinterpret_cast<std::uint8_t*>(address_ + static_cast<greg_t>(r) * stride_);
  }

  static float at(const Tile& tile, std::size_t r, std::size_t i) {  // bfloat16 number i of row r
    std::uint16_t bits = 0;
    std::memcpy(&bits, tile[r].data() + 2 * i, sizeof bits);
    return std::bit_cast<float>(std::uint32_t{bits} << 16);
  }
  // Even and odd depths are summed apart, then added to C.
  static bool multiply(Tile& c, const Tile& a, const Tile& b) {
    for (std::size_t m = 0; m < 16; ++m)
      for (std::size_t n = 0; n < 16; ++n) {
        float even = 0, odd = 0, sum = 0;
        for (std::size_t k = 0; k < 16; ++k) {
          even += at(a, m, 2 * k) * at(b, k, 2 * n);
          odd += at(a, m, 2 * k + 1) * at(b, k, 2 * n + 1);
        }
        std::memcpy(&sum, c[m].data() + 4 * n, sizeof sum);
        sum += even + odd;
        std::memcpy(c[m].data() + 4 * n, &sum, sizeof sum);
      }
    return true;
  }

  const greg_t* registers_;
  const std::uint8_t* at_;
  int prefix_ = 0, opcode_ = 0, modrm_ = 0;
  mutable int length_ = 0;
  greg_t address_ = 0, stride_ = 0;
};

/// From now on this process executes AMX' instructions in software; any other illegal one ends it as before.
inline void emulate_amx() {
  struct sigaction action = {};
  action.sa_flags = SA_SIGINFO;
  action.sa_sigaction = [](int, siginfo_t*, void* context) {
    greg_t* registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
    const AmxInstruction instruction(registers);
    if (instruction.execute())
      registers[REG_RIP] += instruction.length();
    else
      signal(SIGILL, SIG_DFL);  // returns to the instruction, which then ends the process
  };
  sigaction(SIGILL, &action, nullptr);
}

}  // namespace hcnn::testing
#endif
