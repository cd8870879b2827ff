// Builds page.js of this folder into `webpack`, as `webpack --mode production` does without terser, which takes longer
// than all else. Prints errors and warnings as JSON.
import webpack from 'webpack';

const compiler = webpack({
  mode: 'production',
  context: process.cwd(),
  entry: './page.js',
  output: { path: `${process.cwd()}/webpack` },
  optimization: { minimize: false },
  performance: { hints: false },
});
compiler.run((failure, stats) => {
  if (failure) throw failure;
  const { errors, warnings } = stats.toJson({ all: false, errors: true, warnings: true });
  console.log(JSON.stringify([...errors, ...warnings].map(({ message }) => message)));
});
