export {
  createFolderSource,
  defaultFolderBodyLimits,
  defaultFolderLimits,
  type FolderSourceOptions,
} from './folder-source.ts';
