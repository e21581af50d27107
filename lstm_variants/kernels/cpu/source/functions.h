// Blocks of vectors, and the functions that the cells need of them.
//
// A cell is a long chain of dependent operations: several chains side by side use the processor
// better than one. Not to be compiled with -ffast-math, which breaks the rounding in `exponential`.
#pragma once

#if defined(__FAST_MATH__)
#error "The kernels cannot be compiled with -ffast-math."
#endif

#include <type_traits>

#include "vector.h"

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

namespace ISA {

#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int max_at_once = 4;
#else
constexpr int max_at_once = 2;
#endif

template <class T, int n> struct VecBlock {
    Vec<T> v[n];

    VecBlock() = default;
    explicit VecBlock(T x) {
        for (int k = 0; k < n; k++) v[k] = all<T>(x);
    }
    // Rows at a distance, in numbers.
    VecBlock(const T* from, int64_t stride) {
        for (int k = 0; k < n; k++) v[k] = load<T>(from + k * stride);
    }
    void store_to(T* to, int64_t stride) const {
        for (int k = 0; k < n; k++) store<T>(to + k * stride, v[k]);
    }
};

// Calls would pass vectors through memory.
#define FORCED inline __attribute__((always_inline))

// result[k] = expression of k, for each of the vectors.
#define EACH(expression)                             \
    VecBlock<T, n> result;                            \
    _Pragma("GCC unroll 4") for (int k = 0; k < n; k++) result.v[k] = expression; \
    return result
#define OPERATOR(op)                                                                              \
    template <class T, int n>                                                                     \
    FORCED VecBlock<T, n> operator op(const VecBlock<T, n>& a, const VecBlock<T, n>& b) {            \
        EACH(a.v[k] op b.v[k]);                                                                   \
    }                                                                                             \
    template <class T, int n>                                                                     \
    FORCED VecBlock<T, n> operator op(const VecBlock<T, n>& a, const Vec<T>& b) {                   \
        EACH(a.v[k] op b);                                                                        \
    }                                                                                             \
    template <class T, int n>                                                                     \
    FORCED VecBlock<T, n> operator op(const VecBlock<T, n>& a, std::common_type_t<T> b) {           \
        EACH(a.v[k] op b);                                                                        \
    }                                                                                             \
    template <class T, int n>                                                                     \
    FORCED VecBlock<T, n> operator op(std::common_type_t<T> a, const VecBlock<T, n>& b) {           \
        EACH(a op b.v[k]);                                                                        \
    }
OPERATOR(+)
OPERATOR(-)
OPERATOR(*)
OPERATOR(/)
#undef OPERATOR

template <class T> struct Constants;
template <> struct Constants<float> {
    static constexpr float ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;
    static constexpr float magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
    static constexpr float largest_exponent = 87.0f;
    static constexpr int terms = 7, logarithm_terms = 7;
    static constexpr int exponent_bias = 127, mantissa_bits = 23;
};
template <> struct Constants<double> {
    static constexpr double ln2_high = 6.93145751953125e-1, ln2_low = 1.42860682030941723212e-6;
    static constexpr double magic = 6755399441055744.0;  // 1.5 * 2^52
    static constexpr double largest_exponent = 700.0;
    static constexpr int terms = 13, logarithm_terms = 17;
    static constexpr int exponent_bias = 1023, mantissa_bits = 52;
};

template <class T> using Bits = typename Types<T>::Bits;
template <class T> inline Bits<T> bits_of(Vec<T> x) {
    Bits<T> bits;
    std::memcpy(&bits, &x, sizeof bits);
    return bits;
}
template <class T> inline Vec<T> from_bits(Bits<T> bits) {
    Vec<T> x;
    std::memcpy(&x, &bits, sizeof x);
    return x;
}

// Within [low, high]; NaN stays NaN. And a first guess of 1 / x, for x from 1 on.
#if defined(__AVX512F__)
// What the code below would do, in a third of the instructions: GCC makes no minimum of a
// comparison here.
inline Vec<float> clamp(Vec<float> x, float low, float high) {
    return _mm512_min_ps(all<float>(high), _mm512_max_ps(all<float>(low), x));
}
inline Vec<double> clamp(Vec<double> x, double low, double high) {
    return _mm512_min_pd(all<double>(high), _mm512_max_pd(all<double>(low), x));
}
inline Vec<float> guess_reciprocal(Vec<float> x) { return _mm512_rcp14_ps(x); }
inline Vec<double> guess_reciprocal(Vec<double> x) { return _mm512_rcp14_pd(x); }
template <class T> constexpr int newton_steps = sizeof(T) == 4 ? 1 : 2;
#else
template <class V, class T> inline V clamp(V x, T low, T high) {
    x = x < low ? all<T>(low) : x;  // false for NaN
    return x > high ? all<T>(high) : x;
}
inline Vec<float> guess_reciprocal(Vec<float> x) {
    return from_bits<float>(0x7EF311C7u - bits_of<float>(x));
}
inline Vec<double> guess_reciprocal(Vec<double> x) {
    return from_bits<double>(0x7FDE623822FC16E6ull - bits_of<double>(x));
}
template <class T> constexpr int newton_steps = sizeof(T) == 4 ? 3 : 4;
#endif

template <class T, int n> FORCED VecBlock<T, n> clamp(const VecBlock<T, n>& x, T low, T high) {
    EACH(clamp(x.v[k], low, high));
}

// a / b for b >= 1 and |a| <= b, by Newton's method: a quarter of the time of a division, and almost
// always the same rounding.
template <class T, int n>
FORCED VecBlock<T, n> divide(const VecBlock<T, n>& a, const VecBlock<T, n>& b) {
    const auto guess = [&]() __attribute__((always_inline)) { EACH(guess_reciprocal(b.v[k])); };
    VecBlock<T, n> y = guess();
    // y + y * (1 - b * y) would lose the correction where that is subnormal: for a large b.
#pragma GCC unroll 4
    for (int step = 1; step < newton_steps<T>; step++) y = y * (T(2) - b * y);
    const VecBlock<T, n> quotient = a * y;
    return quotient + y * (a - b * quotient);
}

// 1 / k!, computed while compiling.
template <class T> struct InverseFactorials {
    T of[16] = {T(1)};
    constexpr InverseFactorials() {
        double product = 1;
        for (int k = 1; k < 16; k++) of[k] = T(1 / (product *= k));
    }
};

// exp(x) = scale * (1 + rest), where rest is exact near zero; |x| up to largest_exponent.
template <class T, int n>
FORCED void exponential(const VecBlock<T, n>& x, VecBlock<T, n>& scale, VecBlock<T, n>& rest) {
    using C = Constants<T>;
    constexpr InverseFactorials<T> inverse_factorial;
    const VecBlock<T, n> shifted = x * T(1.4426950408889634) + C::magic;
    const VecBlock<T, n> whole = shifted - C::magic;
    const VecBlock<T, n> r = (x - whole * C::ln2_high) - whole * C::ln2_low;
    VecBlock<T, n> p(inverse_factorial.of[C::terms]);
#pragma GCC unroll 16
    for (int term = C::terms - 1; term > 0; term--) p = p * r + inverse_factorial.of[term];
    rest = p * r;
    // The whole number sits in the low bits of the shifted one.
    const auto power = [&]() __attribute__((always_inline)) {
        EACH(from_bits<T>((bits_of<T>(shifted.v[k]) + C::exponent_bias) << C::mantissa_bits));
    };
    scale = power();
}

template <class T, int n> FORCED VecBlock<T, n> sigmoid(const VecBlock<T, n>& x) {
    constexpr T largest = Constants<T>::largest_exponent;
    VecBlock<T, n> scale, rest;
    exponential<T, n>(T(0) - clamp<T, n>(x, -largest, largest), scale, rest);
    const VecBlock<T, n> y = divide(VecBlock<T, n>(1), T(1) + (scale + scale * rest));
    EACH(x.v[k] < -largest ? Vec<T>{} : y.v[k]);  // exactly 0: a tiny number times infinity is not
}

template <class T, int n> FORCED VecBlock<T, n> tanh(const VecBlock<T, n>& x) {
    VecBlock<T, n> scale, rest;
    exponential<T, n>(T(2) * clamp<T, n>(x, T(-20), T(20)), scale, rest);
    const VecBlock<T, n> less_one = (scale - T(1)) + scale * rest;  // exp(2x) - 1
    return divide(less_one, less_one + T(2));
}

// exp(x) within the range of normal numbers.
template <class T, int n> FORCED VecBlock<T, n> exp_within(const VecBlock<T, n>& x) {
    constexpr T largest = Constants<T>::largest_exponent;
    VecBlock<T, n> scale, rest;
    exponential<T, n>(clamp<T, n>(x, -largest, largest), scale, rest);
    return scale + scale * rest;
}

// exp(x) for x up to 0; exactly 0 where that is too small for a normal number.
template <class T, int n> FORCED VecBlock<T, n> exp_of_negative(const VecBlock<T, n>& x) {
    const VecBlock<T, n> y = exp_within<T, n>(x);
    EACH(x.v[k] < -Constants<T>::largest_exponent ? Vec<T>{} : y.v[k]);
}

// log(1 + y) for y from 0 to 1: 2 (q + q^3 / 3 + q^5 / 5 + ...) with q = y / (2 + y), up to 1/3.
template <class T, int n> FORCED VecBlock<T, n> log_of_one_plus(const VecBlock<T, n>& y) {
    const VecBlock<T, n> q = divide(y, y + T(2)), square = q * q;
    constexpr int terms = Constants<T>::logarithm_terms;
    VecBlock<T, n> sum(T(1) / (2 * terms - 1));
#pragma GCC unroll 16
    for (int k = terms - 2; k >= 0; k--) sum = sum * square + T(1) / (2 * k + 1);
    return T(2) * q * sum;
}

// log(sigmoid(x)): min(x, 0) - log(1 + exp(-|x|)).
template <class T, int n> FORCED VecBlock<T, n> log_sigmoid(const VecBlock<T, n>& x) {
    const auto negative = [&]() __attribute__((always_inline)) {
        EACH(x.v[k] > T(0) ? -x.v[k] : x.v[k]);
    };
    const auto smaller = [&]() __attribute__((always_inline)) {
        EACH(x.v[k] > T(0) ? Vec<T>{} : x.v[k]);
    };
    return smaller() - log_of_one_plus(exp_of_negative<T, n>(negative()));
}

// NaN if one of them is.
template <class T, int n>
FORCED VecBlock<T, n> maximum(const VecBlock<T, n>& a, const VecBlock<T, n>& b) {
    const auto larger = [&]() __attribute__((always_inline)) {
        EACH(a.v[k] > b.v[k] ? a.v[k] : b.v[k]);
    };
    const VecBlock<T, n> found = larger();
    EACH(a.v[k] == a.v[k] ? found.v[k] : a.v[k]);
}

// The derivative of max(x, y) by x, from exp(x - max) and exp(y - max): 1, 0, or 1/2 for each.
template <class T, int n>
FORCED VecBlock<T, n> share_of_maximum(const VecBlock<T, n>& x, const VecBlock<T, n>& y) {
    EACH(x.v[k] < T(1) ? Vec<T>{} : y.v[k] < T(1) ? all<T>(1) : all<T>(T(0.5)));
}

// NaN stays NaN.
template <class T, int n> FORCED VecBlock<T, n> relu(const VecBlock<T, n>& x) {
    EACH(x.v[k] < T(0) ? Vec<T>{} : x.v[k]);
}

// x where y is positive or NaN, else zero: the gradient of relu, from its result.
// As integers, since a backward pass takes subnormal numbers for zero.
template <class T, int n>
FORCED VecBlock<T, n> where_positive(const VecBlock<T, n>& y, const VecBlock<T, n>& x) {
    using C = Constants<T>;
    constexpr uint64_t infinity = uint64_t(2 * C::exponent_bias + 1) << C::mantissa_bits;
    EACH(
        ((bits_of<T>(y.v[k]) - 1 < Bits<T>{} + infinity) | (y.v[k] != y.v[k])) ? x.v[k] : Vec<T>{}
    );
}

#undef EACH

}  // namespace ISA
