import { configOf, type SettingsName, type Setup } from './table.ts';

const { MATRIX_SETTINGS = '', MATRIX_SETUP = '' } = process.env;

const setup = JSON.parse(MATRIX_SETUP) as Setup;

export default configOf(MATRIX_SETTINGS as SettingsName, setup, Date.now());
