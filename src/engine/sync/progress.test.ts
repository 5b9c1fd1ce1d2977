import { describe, expect, it } from 'vitest';
import { createProgressMeter } from './progress.ts';

describe('progress', () => {
  it('has no rate before anything was done', () => {
    const meter = createProgressMeter();
    expect(meter.rate(1_000)).toBe(0);
    meter.note(5, 1_000);
    expect(meter.rate(1_000)).toBe(0);
    expect(meter.etaS(10, 1_000)).toBeNull();
  });

  it('is measured in units a second', () => {
    const meter = createProgressMeter();
    meter.note(0, 0);
    meter.note(100, 10_000);
    expect(meter.rate(10_000)).toBe(10);
    expect(meter.etaS(150, 10_000)).toBe(5);
  });

  it('counts the last window only', () => {
    const meter = createProgressMeter(60_000);
    for (let s = 0; s <= 100; s++) meter.note(s * 100, s * 1_000);
    for (let s = 101; s <= 200; s++) meter.note(10_000 + (s - 100), s * 1_000);
    expect(meter.rate(200_000)).toBeCloseTo(1, 1);
  });

  it('slows down while nothing is done', () => {
    const meter = createProgressMeter();
    meter.note(0, 0);
    meter.note(100, 10_000);
    expect(meter.rate(20_000)).toBe(5);
  });

  it('begins again after a roll-back', () => {
    const meter = createProgressMeter();
    meter.note(0, 0);
    meter.note(100, 10_000);
    meter.note(50, 11_000);
    expect(meter.rate(12_000)).toBe(0);
    meter.note(60, 16_000);
    expect(meter.rate(16_000)).toBe(2);
  });

  it('is done when there is nothing left', () => {
    const meter = createProgressMeter();
    meter.note(100, 0);
    expect(meter.etaS(100, 5_000)).toBe(0);
    expect(meter.etaS(90, 5_000)).toBe(0);
  });

  it('does not lose its rate to notes that come in quick succession', () => {
    const meter = createProgressMeter();
    for (let ms = 0; ms <= 10_000; ms += 10) meter.note(ms / 10, ms);
    expect(meter.rate(10_000)).toBeCloseTo(100, 0);
  });
});
