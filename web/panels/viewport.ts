/** How a drawing lies under its window: a point `(x, y)` of it is at `(x · scale + left, y · scale + top)`. */
export interface View {
  readonly left: number;
  readonly top: number;
  readonly scale: number;
}

/** A rectangle of the drawing. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A window's width and height, in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

const LEAST = 0.05;
const MOST = 3;

/** The view nearer or further by a factor, with a point of the window kept where it is. */
export function zoomed(view: View, factor: number, at: { readonly x: number; readonly y: number }): View {
  const scale = Math.min(MOST, Math.max(LEAST, view.scale * factor));
  const by = scale / view.scale;
  return { scale, left: at.x - (at.x - view.left) * by, top: at.y - (at.y - view.top) * by };
}

/** The view that shows all of a drawing, no larger than it is. */
export function fitted(drawing: Size, window: Size): View {
  const scale = Math.max(LEAST, Math.min(1, scaledInto(drawing, window)));
  return {
    scale,
    left: (window.width - drawing.width * scale) / 2,
    top: Math.max(0, (window.height - drawing.height * scale) / 2),
  };
}

/**
 * The view that a drawing opens with: all of it where it can be read then, else its upper part about where it begins.
 *
 * @param start what it begins with
 * @param readable the least scale at which text can be read
 */
export function opening(drawing: Size, window: Size, start: Rectangle, readable: number): View {
  const all = fitted(drawing, window);
  if (all.scale >= readable) return all;
  const wide = drawing.width * readable;
  const middle = (start.x + start.width / 2) * readable;
  // Beyond the drawing's sides there is nothing to see.
  const left = Math.min(0, Math.max(window.width - wide, window.width / 2 - middle));
  return { scale: readable, left: wide < window.width ? (window.width - wide) / 2 : left, top: 0 };
}

/** Whether some of a rectangle is in the window. */
export function isInSight(
  { left, top, scale }: View,
  window: Size,
  { x, y, width, height }: Rectangle,
): boolean {
  return (
    (x + width) * scale + left > 0 &&
    x * scale + left < window.width &&
    (y + height) * scale + top > 0 &&
    y * scale + top < window.height
  );
}

/** The view with a rectangle in the middle, at a scale at which it can be read. */
export function centred(view: View, window: Size, at: Rectangle, readable: number): View {
  const scale = Math.max(view.scale, readable);
  return {
    scale,
    left: window.width / 2 - (at.x + at.width / 2) * scale,
    top: window.height / 2 - (at.y + Math.min(at.height, window.height / scale) / 2) * scale,
  };
}

/** The part of a drawing that is seen through its window. */
export function shownOf({ left, top, scale }: View, { width, height }: Size): Rectangle {
  return { x: -left / scale, y: -top / scale, width: width / scale, height: height / scale };
}

/** The view with a point of the drawing in the middle of the window. */
export function movedTo({ scale }: View, window: Size, at: { readonly x: number; readonly y: number }): View {
  return { scale, left: window.width / 2 - at.x * scale, top: window.height / 2 - at.y * scale };
}

/** The scale at which a drawing fits into some room. */
export function scaledInto(drawing: Size, room: Size): number {
  return Math.min(room.width / Math.max(1, drawing.width), room.height / Math.max(1, drawing.height));
}
