// Matrices and polynomials over a prime field, as far as the Poseidon2 parameters need them. A matrix is a list of
// rows; a polynomial is the list of its coefficients, the constant one first.

/** The representative of `value` in [0, p). */
function mod(value, p) {
  return ((value % p) + p) % p;
}

function power(base, exponent, p) {
  let result = 1n;
  let square = mod(base, p);
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % p;
    square = (square * square) % p;
  }
  return result;
}

function inverse(value, p) {
  return power(value, p - 2n, p);
}

export function multiplyMatrices(a, b, p) {
  return a.map((row) =>
    b[0].map((_, j) =>
      dot(
        row,
        b.map((other) => other[j]),
        p,
      ),
    ),
  );
}

function dot(a, b, p) {
  return a.reduce((sum, value, i) => mod(sum + value * b[i], p), 0n);
}

/** The characteristic polynomial of a matrix, its leading coefficient 1 (Faddeev and Le Verrier). */
export function characteristicPolynomial(matrix, p) {
  const size = matrix.length;
  const coefficients = [1n];
  let product = matrix.map((row) => row.map(() => 0n));
  for (let k = 1; k <= size; k++) {
    product = multiplyMatrices(matrix, product, p).map((row, i) =>
      row.map((value, j) => (i === j ? mod(value + coefficients[0], p) : value)),
    );
    const trace = multiplyMatrices(matrix, product, p).reduce((sum, row, i) => sum + row[i], 0n);
    coefficients.unshift(mod(-trace * inverse(BigInt(k), p), p));
  }
  return coefficients;
}

/** Whether a polynomial with leading coefficient 1 has no factor of up to half its degree. */
export function isIrreducible(polynomial, p) {
  let frobenius = [0n, 1n];
  for (let degree = 1; degree <= (polynomial.length - 1) / 2; degree++) {
    frobenius = powerModulo(frobenius, p, polynomial, p);
    // x^(p^degree) - x is the product of all irreducible polynomials whose degree divides this one.
    const difference = [...frobenius];
    difference[1] = mod((difference[1] ?? 0n) - 1n, p);
    difference[0] ??= 0n;
    if (greatestCommonDivisor(polynomial, trim(difference), p).length > 1) return false;
  }
  return true;
}

function powerModulo(base, exponent, modulus, p) {
  let result = [1n];
  let square = base;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = remainder(multiplyPolynomials(result, square, p), modulus, p);
    square = remainder(multiplyPolynomials(square, square, p), modulus, p);
  }
  return result;
}

function multiplyPolynomials(a, b, p) {
  const out = new Array(Math.max(a.length + b.length - 1, 0)).fill(0n);
  a.forEach((x, i) => {
    b.forEach((y, j) => {
      out[i + j] = mod(out[i + j] + x * y, p);
    });
  });
  return out;
}

function remainder(a, b, p) {
  const rest = trim(a);
  const scale = inverse(b[b.length - 1], p);
  while (rest.length >= b.length) {
    const factor = mod(rest[rest.length - 1] * scale, p);
    const shift = rest.length - b.length;
    b.forEach((value, i) => {
      rest[i + shift] = mod(rest[i + shift] - factor * value, p);
    });
    rest.splice(0, rest.length, ...trim(rest));
  }
  return rest;
}

function greatestCommonDivisor(a, b, p) {
  return b.length === 0 ? a : greatestCommonDivisor(b, remainder(a, b, p), p);
}

/** Without leading zeros; the zero polynomial is empty. */
function trim(polynomial) {
  const out = [...polynomial];
  while (out.length > 0 && out[out.length - 1] === 0n) out.pop();
  return out;
}
