// Memory of one pass: a stack of arrays that reaches its final size in the first step and is then reused.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "hcnn/core/buffer.hpp"
#include "hcnn/core/tensor.hpp"

namespace hcnn {

/// Stack of temporary arrays. `take` allocates from the top, `rewind` frees down to a mark. The first pass finds out
/// how much is needed; later passes allocate nothing. One workspace serves one thread at a time.
class Workspace {
 public:
  /// Height of the stack, bytes.
  using Mark = std::size_t;

  /// Uninitialised, 64-byte aligned room for `size` values. Throws what `AlignedBuffer::reserve` throws.
  template <class T>
  T* take(Index size) {
    return reinterpret_cast<T*>(take_bytes(std::max(padded_bytes<T>(size), kAlignment)));
  }
  /// Uninitialised batch of `count` samples.
  template <class T>
  TensorView<T> tensor(Index count, const Shape& shape) {
    return {take<T>(values_of(count, shape)), count, shape};
  }

  /// Current height of the stack, for `rewind`.
  Mark mark() const { return used_; }
  /// Frees everything taken since the mark. At 0, several blocks are replaced by one of the largest size ever needed.
  void rewind(Mark mark) {
    used_ = mark;
    if (mark == 0 && blocks_.size() > 1) {
      blocks_.clear();
      try {
        add_block(peak_);
      } catch (const std::bad_alloc&) {  // destructors call this; the next `take` tries again
      }
    }
  }
  /// Frees everything: `rewind(0)`.
  void reset() { rewind(0); }
  /// Gives all memory back to the system.
  void release() {
    used_ = 0;
    blocks_.clear();
  }

  /// Largest number of bytes ever in use at once.
  std::size_t peak_bytes() const { return peak_; }

 private:
  struct Block {
    std::size_t begin;  // offset of its first byte in the stack
    std::size_t size;
    AlignedBuffer<std::byte> memory;
  };

  std::byte* take_bytes(std::size_t bytes) {
    for (Block& block : blocks_) {
      const std::size_t start = std::max(used_, block.begin);
      if (start + bytes > block.begin + block.size) continue;
      used_ = start + bytes;
      peak_ = std::max(peak_, used_);
      return block.memory.data() + (start - block.begin);
    }
    add_block(std::max(bytes, std::size_t{1} << 20));
    return take_bytes(bytes);
  }

  void add_block(std::size_t bytes) {
    const std::size_t begin = blocks_.empty() ? 0 : std::max(used_, blocks_.back().begin + blocks_.back().size);
    blocks_.push_back({begin, bytes, AlignedBuffer<std::byte>(static_cast<Index>(bytes))});
  }

  std::vector<Block> blocks_;
  std::size_t used_ = 0;
  std::size_t peak_ = 0;
};

/// Frees, at the end of a scope, everything taken from a workspace inside it.
class WorkspaceScope {
 public:
  /// Marks the workspace, which must outlive this object.
  explicit WorkspaceScope(Workspace& workspace) : workspace_(workspace), mark_(workspace.mark()) {}
  /// Rewinds it.
  ~WorkspaceScope() { workspace_.rewind(mark_); }
  WorkspaceScope(const WorkspaceScope&) = delete;
  WorkspaceScope& operator=(const WorkspaceScope&) = delete;

 private:
  Workspace& workspace_;
  Workspace::Mark mark_;
};

/// Scratch memory of the calling thread, for kernels: lives as long as the thread and is reused by every call.
inline Workspace& thread_scratch() {
  thread_local Workspace workspace;
  return workspace;
}

}  // namespace hcnn
