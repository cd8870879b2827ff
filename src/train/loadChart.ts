import { needPackage } from './issues.ts';

/**
 * The package that draws curves as text. This file is left out of pages, so that bundlers look for no package there.
 *
 * @throws InputError `missing` where it is not installed
 */
export async function loadChart(): Promise<typeof import('simple-ascii-chart')> {
  try {
    return await import('simple-ascii-chart');
  } catch (cause) {
    return needPackage('plot', 'simple-ascii-chart', cause);
  }
}
