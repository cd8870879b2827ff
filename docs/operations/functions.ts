import { section } from './row.ts';

export const functions = section(
  'Functions',
  'Of floats, element by element. Where a target has no such function, or one that promises too little, they are our own, with a stated error on the whole range.',
  `
x.exp() ¦ eˣ ¦ […] → […] ¦ c eˣ ¦ 0 at -∞ ¦ exp ¦ jnp.exp
x.exp2() ¦ 2ˣ ¦ […] → […] ¦ c 2ˣ ln 2 ¦ exact of integers ¦ exp2 ¦ jnp.exp2
x.expm1() ¦ eˣ - 1 ¦ […] → […] ¦ c eˣ ¦ exact near 0 ¦ expm1 ¦ jnp.expm1
x.log() ¦ ln x ¦ […] → […] ¦ c / x ¦ -∞ at 0, NaN below ¦ log ¦ jnp.log
x.log2() ¦ log₂ x ¦ […] → […] ¦ c / (x ln 2) ¦ exact of powers of 2; -∞ at 0, NaN below ¦ log2 ¦ jnp.log2
x.log10() ¦ log₁₀ x ¦ […] → […] ¦ c / (x ln 10) ¦ exact of powers of 10; -∞ at 0, NaN below ¦ log10 ¦ jnp.log10
x.log1p() ¦ ln(1 + x) ¦ […] → […] ¦ c / (1 + x) ¦ exact near 0; -∞ at -1 ¦ log1p ¦ jnp.log1p
x.pow(y) ¦ xʸ ¦ broadcast ¦ c y xʸ⁻¹; c xʸ ln x, 0 where x is 0 and y ≥ 0 ¦ C99’s: x⁰ and 1ʸ are 1; integers wrap ¦ pow ¦ jnp.power
x.cbrt() ¦ ∛x ¦ […] → […] ¦ c / (3 ∛x²) ¦ of negative numbers too; gradient ∞ at 0 ¦ ¦ jnp.cbrt
x.tanh() ¦ tanh x ¦ […] → […] ¦ c (1 - t²) ¦ ±1 at ±∞ ¦ tanh ¦ jnp.tanh
x.sigmoid() ¦ 1 / (1 + e⁻ˣ) ¦ […] → […] ¦ c s (1 - s) ¦ no overflow ¦ sigmoid ¦ jax.nn.sigmoid
x.erf() ¦ 2/√π ∫₀ˣ exp(-t²) dt ¦ […] → […] ¦ 2/√π c exp(-x²) ¦ ¦ erf ¦ lax.erf
x.erfinv() ¦ the y of which erf is x ¦ […] → […] ¦ √π/2 c exp(y²) ¦ ±∞ at ±1, NaN beyond ¦ erfinv ¦ lax.erf_inv
x.lgamma() ¦ ln |Γ(x)| ¦ […] → […] ¦ c ψ(x) ¦ ∞ at 0 and the negative integers ¦ lgamma ¦ jax.scipy.special.gammaln
x.digamma() ¦ ψ(x) ¦ […] → […] ¦ c ψ′(x) ¦ -∞ at 0, ∞ at -0, NaN at the negative integers ¦ digamma ¦ jax.scipy.special.digamma
x.polygamma(n) ¦ the n-th derivative of ψ, n up to 2 ¦ […] → […] ¦ c polygamma(n + 1); of n = 2 an error: polygamma(3) is not built ¦ ∞ or NaN at the negative integers ¦ polygamma ¦ jax.scipy.special.polygamma
x.relu() ¦ max(x, 0) ¦ […] → […] ¦ c where x > 0 ¦ a NaN stays ¦ relu ¦ jax.nn.relu
x.sin() ¦ sin x ¦ […] → […] ¦ c cos x ¦ NaN at ±∞; exact reduction of any angle ¦ sin ¦ jnp.sin
x.cos() ¦ cos x ¦ […] → […] ¦ -c sin x ¦ NaN at ±∞ ¦ cos ¦ jnp.cos
x.tan() ¦ tan x ¦ […] → […] ¦ c (1 + tan² x) ¦ NaN at ±∞ ¦ tan ¦ jnp.tan
x.asin() ¦ arcsin x ¦ […] → […] ¦ c / √(1 - x²) ¦ NaN beyond ±1 ¦ asin ¦ jnp.arcsin
x.acos() ¦ arccos x ¦ […] → […] ¦ -c / √(1 - x²) ¦ NaN beyond ±1 ¦ acos ¦ jnp.arccos
x.atan() ¦ arctan x ¦ […] → […] ¦ c / (1 + x²) ¦ ±π/2 at ±∞ ¦ atan ¦ jnp.arctan
x.atan2(y) ¦ the angle of (y, x) ¦ broadcast ¦ c y / (x² + y²); -c x / (x² + y²) ¦ by the signs of zeros too; gradient NaN at (0, 0) ¦ atan2 ¦ jnp.arctan2
x.sinh() ¦ sinh x ¦ […] → […] ¦ c cosh x ¦ ¦ sinh ¦ jnp.sinh
x.cosh() ¦ cosh x ¦ […] → […] ¦ c sinh x ¦ ¦ cosh ¦ jnp.cosh
x.asinh() ¦ arsinh x ¦ […] → […] ¦ c / √(x² + 1) ¦ ¦ asinh ¦ jnp.arcsinh
x.acosh() ¦ arcosh x ¦ […] → […] ¦ c / √(x² - 1) ¦ NaN below 1 ¦ acosh ¦ jnp.arccosh
x.atanh() ¦ artanh x ¦ […] → […] ¦ c / (1 - x²) ¦ ±∞ at ±1, NaN beyond ¦ atanh ¦ jnp.arctanh
`,
);
