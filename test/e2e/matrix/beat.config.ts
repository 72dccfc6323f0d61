import type { Cell } from './row.ts';
import { configOf, type SettingsName } from './table.ts';

const { MATRIX_CELL = '', MATRIX_SETTINGS = '', MATRIX_RESULTS = '' } = process.env;

const cell = JSON.parse(MATRIX_CELL) as Cell;

export default configOf(MATRIX_SETTINGS as SettingsName, cell, Date.now(), MATRIX_RESULTS);
