// Subnormal numbers, with which an operation takes about a hundred cycles.
#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace ISA {

// The floating-point control register of this thread, and its bits for flushing subnormal results
// and operands to zero.
#if defined(__x86_64__)
constexpr uint64_t as_zero = 0x8040;
inline uint64_t rounding() { return _mm_getcsr(); }
inline void set_rounding(uint64_t bits) { _mm_setcsr(bits); }
#elif defined(__aarch64__)
constexpr uint64_t as_zero = 1 << 24;
inline uint64_t rounding() {
    uint64_t bits;
    asm volatile("mrs %0, fpcr" : "=r"(bits));
    return bits;
}
inline void set_rounding(uint64_t bits) { asm volatile("msr fpcr, %0" : : "r"(bits)); }
#else
constexpr uint64_t as_zero = 0;
inline uint64_t rounding() { return 0; }
inline void set_rounding(uint64_t) {}
#endif

// While it lives, its thread has these bits. Gradients that vanish over a long sequence pass through
// subnormal numbers, and states that decay without an input: a pass would take several times as long.
class Rounding {
    const uint64_t before = rounding();

  public:
    explicit Rounding(uint64_t bits) { set_rounding(bits); }
    Rounding(const Rounding&) = delete;
    ~Rounding() { set_rounding(before); }
};

}  // namespace ISA
