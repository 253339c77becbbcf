"""Derives one triangulation of MediaPipe's 468-point face mesh and writes `src/fas/maps/mesh_triangles.txt`.

The weights give points but no triangles. They follow from geometry alone:

1. Fit the mesh to the face photographs inside installed packages (scikit-image, insightface).
2. Align the fits by generalised Procrustes analysis (similarity transforms) and average them.
3. Find each point's mirror partner by optimal assignment, and make the mean shape exactly symmetric.
4. Project it from a centre inside the head onto a sphere and unfold that around the viewing axis. Scale every direction
   so that the face oval becomes the unit circle: the boundary is then convex, so the Delaunay triangulation keeps it,
   leaves nothing outside and closes eyes and mouth. Lips overlap in any projection; spread their contours.
5. Flip edges until the contours of the lips and eyes are edges, so that only the openings between them are bridged.
6. Keep the triangles of one half and mirror them.

Usage: python scripts/make_mesh_triangles.py [OUT]
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import insightface
import numpy as np
import skimage.data
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial import Delaunay

from fas.faces.mediapipe import MediaPipeDetector, MediaPipeMesh
from fas.maps.topology import FACE_OVAL, TRIANGLES_FILE

Array = NDArray[np.float64]

LIPS = (
    (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146),
    (76, 184, 74, 73, 72, 11, 302, 303, 304, 408, 306, 307, 320, 404, 315, 16, 85, 180, 90, 77),
    (62, 183, 42, 41, 38, 12, 268, 271, 272, 407, 292, 325, 319, 403, 316, 15, 86, 179, 89, 96),
    (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95),
)
"""The four contours of the lips in MediaPipe's numbering, from the outer to the inner, point by point."""
EYE_RIGHT = (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246)
EYE_LEFT = (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466)
CONTOURS = (*LIPS, EYE_RIGHT, EYE_LEFT)
"""Closed contours that must be edges; right and left are the subject's."""
LIP_STEP = 0.2
"""Each contour of the lips is drawn smaller than the one around it by this part of the outermost."""

FOREHEAD, CHIN = 10, 152
CENTRE_BEHIND_OVAL = 0.2
"""Where the centre of projection lies behind the oval, in units of the shape's RMS radius. Every value from -0.5 to 2
gives a valid triangulation."""


def fit_meshes() -> Array:
    """The meshes `(N, 468, 3)` of all faces in the two packaged photographs."""
    group = Path(insightface.__file__).parent / "data" / "images" / "t1.jpg"
    photos = [skimage.data.astronaut(), cv2.cvtColor(cv2.imread(str(group)), cv2.COLOR_BGR2RGB)]
    detector, mesh_model = MediaPipeDetector(), MediaPipeMesh()
    meshes = []
    for photo in photos:
        for face in detector.detect(photo):
            for _ in range(3):  # the crop follows the mesh until it has settled
                face = mesh_model.fit(photo, face) or face
            if face.mesh is not None:
                meshes.append(face.mesh.astype(np.float64))
    return np.stack(meshes)


def align(shape: Array, target: Array) -> Array:
    """The shape moved onto the target by the least-squares similarity transform (Umeyama, 1991), no reflection."""
    a, b = shape - shape.mean(0), target - target.mean(0)
    u, s, vt = np.linalg.svd(a.T @ b)
    signs = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    scale = (s * signs).sum() / (a**2).sum()
    return scale * a @ (u * signs) @ vt + target.mean(0)


def mean_shape(meshes: Array) -> Array:
    """The Procrustes mean, centred, with RMS radius 1."""
    mean = meshes[0]
    for _ in range(20):
        mean = np.mean([align(mesh, mean) for mesh in meshes], axis=0)
        mean = mean - mean.mean(0)
        mean = mean / np.sqrt((mean**2).sum(1).mean())
    return mean


def mirror_partners(shape: Array) -> NDArray[np.int64]:
    """The point on the other side of the face for each point; points of the midline are their own."""
    reflected = shape * [-1, 1, 1]
    for _ in range(20):
        distances = ((shape[:, None] - reflected[None]) ** 2).sum(-1)
        partner = linear_sum_assignment(distances)[1]
        reflected = align(shape * [-1, 1, 1], shape[partner])
    if not np.array_equal(partner[partner], np.arange(len(shape))):
        raise RuntimeError("the mirror partners are not mutual: the mean shape is too asymmetric")
    return partner


def frontal(shape: Array, partner: NDArray[np.int64]) -> Array:
    """The symmetric shape, turned to the front: x to the subject's left, y down, z away from the camera."""
    shape = (shape + align((shape * [-1, 1, 1])[partner], shape)) / 2
    ex = np.linalg.svd(shape - shape[partner], full_matrices=False)[2][0]
    ex = ex * np.sign((shape[EYE_LEFT[0]] - shape[EYE_RIGHT[0]]) @ ex)
    ey = shape[CHIN] - shape[FOREHEAD]
    ey = ey - ex * (ex @ ey)
    ey = ey / np.linalg.norm(ey)
    shape = (shape - shape.mean(0)) @ np.stack([ex, ey, np.cross(ex, ey)], axis=1)
    return (shape + shape[partner] * [-1, 1, 1]) / 2


def unfold(shape: Array) -> Array:
    """The frontal shape on the unit disc `(468, 2)`, the oval on its circle."""
    oval = list(FACE_OVAL)
    height = (shape[FOREHEAD, 1] + shape[CHIN, 1]) / 2
    direction = shape - [0, height, shape[oval, 2].max() + CENTRE_BEHIND_OVAL]
    polar = np.arccos(-direction[:, 2] / np.linalg.norm(direction, axis=1))
    azimuth = np.arctan2(direction[:, 1], direction[:, 0])
    order = np.argsort(azimuth[oval])
    radius = polar / np.interp(azimuth, azimuth[oval][order], polar[oval][order], period=2 * np.pi)
    plane = radius[:, None] * np.stack([np.cos(azimuth), np.sin(azimuth)], axis=1)
    # Lips are rolled, so that in any projection the red of one lies over the other. Open the mouth in the plane.
    outer = plane[list(LIPS[0])]
    for step, contour in enumerate(LIPS):
        plane[list(contour)] = outer + step * LIP_STEP * (outer.mean(0) - outer)
    return plane


def cross(a: Array, b: Array, c: Array) -> float:
    """Twice the signed area of a triangle in the plane."""
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))


def separates(plane: Array, a: int, b: int, c: int, d: int) -> bool:
    """Whether the open segments ab and cd cross."""
    p = plane
    return (
        cross(p[a], p[b], p[c]) * cross(p[a], p[b], p[d]) < 0 and cross(p[c], p[d], p[a]) * cross(p[c], p[d], p[b]) < 0
    )


def force_edge(triangles: set[frozenset[int]], plane: Array, a: int, b: int) -> None:
    """Flips the edges that cross ab until ab is an edge (Sloan, 1993)."""

    def crossing() -> list[tuple[int, int, frozenset[int], frozenset[int]]]:
        owners: dict[frozenset[int], list[frozenset[int]]] = {}
        for triangle in sorted(triangles, key=sorted):
            for corner in triangle:
                owners.setdefault(triangle - {corner}, []).append(triangle)
        pairs = ((*sorted(edge), *both) for edge, both in owners.items() if len(both) == 2)
        return [(c, d, one, two) for c, d, one, two in pairs if separates(plane, a, b, c, d)]

    while crossed := crossing():
        for c, d, one, two in crossed:
            (e,), (f,) = one - {c, d}, two - {c, d}
            if not separates(plane, c, d, e, f):
                continue  # the quadrilateral is not convex: another flip comes first
            triangles -= {one, two}
            triangles |= {frozenset((c, e, f)), frozenset((d, e, f))}
            break
        else:
            raise RuntimeError(f"edge {a}-{b} cannot be forced")


def triangulate(plane: Array, partner: NDArray[np.int64]) -> NDArray[np.int64]:
    """The triangles `(T, 3)`, symmetric, counter-clockwise as the camera sees a frontal face."""
    triangles = {frozenset(map(int, t)) for t in Delaunay(plane).simplices}
    for contour in CONTOURS:
        for a, b in zip(contour, contour[1:] + contour[:1], strict=True):
            if plane[[a, b], 0].max() <= 1e-9:  # the subject's right half; the other is its mirror image
                force_edge(triangles, plane, a, b)
    half = np.array([sorted(t) for t in triangles if plane[list(t), 0].mean() < 0])
    if plane[half, 0].max() > 1e-9:
        raise RuntimeError("a triangle crosses the midline: the two halves cannot be mirrored")
    both = np.concatenate([half, partner[half]])
    turned = np.array([cross(*plane[t]) > 0 for t in both])  # y points down: positive is clockwise on screen
    both[turned] = both[turned][:, ::-1]
    first = both.argmin(axis=1)
    both = np.stack([np.roll(t, -k) for t, k in zip(both, first, strict=True)])
    return both[np.lexsort(both.T[::-1])]


def main(out: Path) -> None:
    """Writes the triangles as text, one triangle a line."""
    mean = mean_shape(fit_meshes())
    partner = mirror_partners(mean)
    triangles = triangulate(unfold(frontal(mean, partner)), partner)
    header = (
        "Triangles of MediaPipe's 468-point face mesh, made by scripts/make_mesh_triangles.py.\n"
        "Corners counter-clockwise as the camera sees a frontal face; closed at eyes and mouth."
    )
    np.savetxt(out, triangles, fmt="%d", header=header)
    print(f"{len(triangles)} triangles in {out}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else TRIANGLES_FILE)
